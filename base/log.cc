// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/rfc3339.h"
#include "base/utf8.h"

namespace signet {
namespace {

// A pipe takes a line of this size whole or not at all (POSIX PIPE_BUF on
// Linux).
constexpr size_t kMaxLine = 4096;
constexpr size_t kMaxValue = 1024;
constexpr size_t kLineTail = 256;  // Kept free for numbers, keys and brackets.

std::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

// One code point as JSON that is printable ASCII only.
void AppendEscaped(char32_t c, std::string& out) {
  if (c == '"' || c == '\\') {
    out.push_back('\\');
    out.push_back(static_cast<char>(c));
  } else if (c >= 0x20 && c < 0x7F) {
    out.push_back(static_cast<char>(c));
  } else if (c < 0x10000) {
    absl::StrAppendFormat(&out, "\\u%04x", static_cast<uint32_t>(c));
  } else {
    const uint32_t offset = static_cast<uint32_t>(c) - 0x10000;
    absl::StrAppendFormat(&out, "\\u%04x\\u%04x", 0xD800 + (offset >> 10),
                          0xDC00 + (offset & 0x3FF));
  }
}

// Cuts `text` where `out` has grown to `limit`.
void AppendString(std::string_view text, size_t limit, std::string& out) {
  out.push_back('"');
  while (!text.empty()) {
    if (out.size() >= limit) {
      out.append("...");
      break;
    }
    const std::optional<char32_t> c = TakeCodePoint(text);
    if (!c.has_value()) text.remove_prefix(1);
    AppendEscaped(c.value_or(U'\uFFFD'), out);
  }
  out.push_back('"');
}

void AppendValue(std::string_view value, std::string& out) {
  AppendString(value, std::min(out.size() + kMaxValue, kMaxLine - kLineTail),
               out);
}
void AppendValue(int64_t value, std::string& out) {
  absl::StrAppend(&out, value);
}
void AppendValue(bool value, std::string& out) {
  out.append(value ? "true" : "false");
}
void AppendValue(double value, std::string& out) {
  if (!std::isfinite(value)) {  // JSON has no word for it.
    out.append("null");
    return;
  }
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  out.append(digits, end);
}

void AppendKey(std::string_view key, std::string& out) {
  out.push_back(',');
  AppendString(key, std::string::npos, out);
  out.push_back(':');
}

}  // namespace

std::string JsonLogger::LineOf(LogLevel level, std::string_view message,
                               std::initializer_list<LogField> fields) const {
  std::string line;
  line.reserve(512);
  line.append("{\"time\":");
  AppendValue(FormatRfc3339(clock_->Now()), line);
  AppendKey("level", line);
  AppendValue(LevelName(level), line);
  AppendKey("message", line);
  AppendValue(clean_(message), line);
  for (const LogField& field : fields) {
    AppendKey(field.key, line);
    if (const auto* text = std::get_if<std::string_view>(&field.value)) {
      AppendValue(clean_(*text), line);
    } else {
      std::visit([&line](auto value) { AppendValue(value, line); },
                 field.value);
    }
  }
  line.append("}\n");
  return line;
}

bool JsonLogger::Write(std::string_view line) {
  pollfd ready = {.fd = fd_, .events = POLLOUT, .revents = 0};
  if (poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) return false;
  while (true) {
    const ssize_t written = write(fd_, line.data(), line.size());
    if (written < 0 && errno == EINTR) continue;
    return written == static_cast<ssize_t>(line.size());
  }
}

void JsonLogger::Log(LogLevel level, std::string_view message,
                     std::initializer_list<LogField> fields) {
  const std::string line = LineOf(level, message, fields);

  // A reader that has stopped (a paused terminal, a stuck pipe) must not stop
  // the service: where there is no room, the line is dropped. The lock keeps
  // another thread from taking the room between the two calls.
  absl::MutexLock lock(&mutex_);
  if (dropped_ > 0 && Write(LineOf(LogLevel::kWarning, "log lines dropped",
                                   {{"count", dropped_}}))) {
    dropped_ = 0;
  }
  // In order: none before it is said what is missing.
  if (dropped_ > 0 || !Write(line)) ++dropped_;
}

}  // namespace signet
