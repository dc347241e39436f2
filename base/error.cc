// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"

namespace signet {
namespace {

// Names the payload inside absl::Status; never leaves the process.
constexpr char kTypeUrl[] = "signet/ErrorDetail";

// The payload is a list of strings, each after its length in four bytes: the
// reason, the retry hint, then field and detail of every violation.
void AppendText(std::string_view text, std::string& out) {
  const auto size = static_cast<uint32_t>(text.size());
  for (int shift = 0; shift < 32; shift += 8) {
    out.push_back(static_cast<char>((size >> shift) & 0xFF));
  }
  out.append(text);
}

std::optional<std::string> TakeText(std::string_view& in) {
  if (in.size() < 4) return std::nullopt;
  uint32_t size = 0;
  for (int i = 0; i < 4; ++i) {
    size |= uint32_t{static_cast<uint8_t>(in[i])} << (8 * i);
  }
  in.remove_prefix(4);
  if (in.size() < size) return std::nullopt;
  std::string text(in.substr(0, size));
  in.remove_prefix(size);
  return text;
}

std::string Encode(const ErrorDetail& detail) {
  std::string out;
  AppendText(detail.reason, out);
  AppendText(absl::FormatDuration(detail.retry_after), out);
  for (const FieldViolation& violation : detail.violations) {
    AppendText(violation.field, out);
    AppendText(violation.detail, out);
  }
  return out;
}

std::optional<ErrorDetail> Decode(std::string_view in) {
  std::optional<std::string> reason = TakeText(in);
  if (!reason.has_value()) return std::nullopt;
  const std::optional<std::string> retry_after = TakeText(in);
  ErrorDetail detail{.reason = *std::move(reason)};
  if (!retry_after.has_value() ||
      !absl::ParseDuration(*retry_after, &detail.retry_after)) {
    return std::nullopt;
  }
  while (!in.empty()) {
    std::optional<std::string> field = TakeText(in);
    std::optional<std::string> text = TakeText(in);
    if (!field.has_value() || !text.has_value()) return std::nullopt;
    detail.violations.push_back({*std::move(field), *std::move(text)});
  }
  return detail;
}

absl::string_view ToAbsl(std::string_view text) {
  return absl::string_view(text.data(), text.size());
}

}  // namespace

absl::Status MakeError(absl::StatusCode code, std::string_view message,
                       // Callers build it in place.
                       // NOLINTNEXTLINE(performance-unnecessary-value-param)
                       ErrorDetail detail) {
  absl::Status status(code, ToAbsl(message));
  status.SetPayload(kTypeUrl, absl::Cord(Encode(detail)));
  return status;
}

absl::Status InvalidField(std::string_view reason, std::string_view field,
                          std::string_view detail) {
  return MakeError(absl::StatusCode::kInvalidArgument,
                   absl::StrCat(ToAbsl(field), ": ", ToAbsl(detail)),
                   {.reason = std::string(reason),
                    .violations = {{std::string(field), std::string(detail)}}});
}

absl::Status DatabaseRefused(std::string_view message) {
  return MakeError(absl::StatusCode::kFailedPrecondition, message,
                   {.reason = "DATABASE_REFUSED"});
}

ErrorDetail GetErrorDetail(const absl::Status& status) {
  if (const auto payload = status.GetPayload(kTypeUrl); payload.has_value()) {
    std::optional<ErrorDetail> detail = Decode(std::string(*payload));
    if (detail.has_value()) return *std::move(detail);
  }
  return {.reason = std::string(CodeName(status.code()))};
}

std::string_view CodeName(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return "OK";
    case absl::StatusCode::kCancelled:
      return "CANCELLED";
    case absl::StatusCode::kInvalidArgument:
      return "INVALID_ARGUMENT";
    case absl::StatusCode::kDeadlineExceeded:
      return "DEADLINE_EXCEEDED";
    case absl::StatusCode::kNotFound:
      return "NOT_FOUND";
    case absl::StatusCode::kAlreadyExists:
      return "ALREADY_EXISTS";
    case absl::StatusCode::kPermissionDenied:
      return "PERMISSION_DENIED";
    case absl::StatusCode::kUnauthenticated:
      return "UNAUTHENTICATED";
    case absl::StatusCode::kResourceExhausted:
      return "RESOURCE_EXHAUSTED";
    case absl::StatusCode::kFailedPrecondition:
      return "FAILED_PRECONDITION";
    case absl::StatusCode::kAborted:
      return "ABORTED";
    case absl::StatusCode::kOutOfRange:
      return "OUT_OF_RANGE";
    case absl::StatusCode::kUnimplemented:
      return "UNIMPLEMENTED";
    case absl::StatusCode::kInternal:
      return "INTERNAL";
    case absl::StatusCode::kUnavailable:
      return "UNAVAILABLE";
    case absl::StatusCode::kDataLoss:
      return "DATA_LOSS";
    default:  // kUnknown, and whatever absl reserves for itself.
      return "UNKNOWN";
  }
}

}  // namespace signet
