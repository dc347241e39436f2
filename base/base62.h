// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_BASE_BASE62_H_
#define SIGNET_BASE_BASE62_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace signet {

// The digits in ascending order, which is also ASCII order: numbers written in
// one width sort as text.
inline constexpr std::string_view kBase62Alphabet =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

// Whether every character of `text` is a base62 digit. True for empty text.
bool IsBase62(std::string_view text);

// Writes `value` into all of `out`: most significant digit first, zero-padded.
// Digits that do not fit are lost from the left.
void EncodeBase62(uint64_t value, std::span<char> out);

// Reads a number of 1 to 10 digits (62^10 < 2^60); nullopt for anything else.
std::optional<uint64_t> DecodeBase62(std::string_view text);

}  // namespace signet

#endif  // SIGNET_BASE_BASE62_H_
