// SPDX-License-Identifier: Apache-2.0

//go:build tools

// Package grpcurl pins the grpcurl that the interop tests run.
package grpcurl

import _ "github.com/fullstorydev/grpcurl/cmd/grpcurl"
