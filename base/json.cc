// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/secret.h"

namespace signet {
namespace {

constexpr char kMalformed[] = "JSON_MALFORMED";
constexpr char kTooDeep[] = "JSON_TOO_DEEP";

absl::Status ErrorNear(const char* reason, size_t offset,
                       std::string_view detail) {
  return MakeError(
      absl::StatusCode::kInvalidArgument,
      absl::StrCat("JSON near byte ", offset, ": ",
                   absl::string_view(detail.data(), detail.size())),
      {.reason = reason});
}

// Reads the text for nlohmann's lexer and tells `cursor` how far it has come,
// which the SAX events themselves do not.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, const char** cursor)
      : at_(at), cursor_(cursor) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    *cursor_ = ++at_;
    return *this;
  }
  bool operator==(const CountingIterator& other) const {
    return at_ == other.at_;
  }

 private:
  const char* at_;
  const char** cursor_;
};

// Builds the value from nlohmann's SAX events; a callback that returns false
// ends the parse. Not nlohmann's own builder, because that lets the last of two
// equal names win, nests without limit and rounds big integers.
class Builder final : public nlohmann::json_sax<Json> {
 public:
  Builder(std::string_view text, JsonLimits limits)
      : begin_(text.data()),
        end_(begin_ + text.size()),
        cursor_(begin_),
        max_depth_(limits.max_depth) {}

  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;
  ~Builder() override { WipeStrings(root_); }  // Of a text that was refused.

  const char** cursor() { return &cursor_; }
  const absl::Status& status() const { return status_; }
  Json TakeValue() { return std::move(root_); }

  bool null() override { return Add(nullptr) != nullptr; }
  bool boolean(bool value) override { return Add(value) != nullptr; }
  bool number_integer(int64_t value) override { return Add(value) != nullptr; }
  bool number_unsigned(uint64_t value) override {
    return Add(value) != nullptr;
  }
  bool number_float(double value, const std::string& digits) override {
    // The lexer turns integers that do not fit into doubles.
    if (digits.find_first_of(".eE") == digits.npos) {
      return Fail(kMalformed, "want an integer of at most 64 bits");
    }
    const std::string_view mantissa =
        std::string_view(digits).substr(0, digits.find_first_of("eE"));
    if (value == 0 && mantissa.find_first_of("123456789") != mantissa.npos) {
      return Fail(kMalformed, "want a number within the range of a double");
    }
    return Add(value) != nullptr;
  }
  bool string(std::string& value) override {
    return Add(std::move(value)) != nullptr;
  }
  bool binary(Json::binary_t&) override { return false; }  // Not in JSON texts.

  bool start_object(size_t) override { return Open(Json::value_t::object); }
  bool start_array(size_t) override { return Open(Json::value_t::array); }
  bool key(std::string& name) override {
    // Not operator[], which searches all members.
    auto& members = open_.back()->get_ref<Json::object_t&>();
    MakeRoom(members);
    members.emplace_back(std::move(name), nullptr);
    return true;
  }
  bool end_object() override {
    if (HasDuplicateNames(open_.back()->get_ref<const Json::object_t&>())) {
      return Fail(kMalformed,
                  "got a member name twice in the object that ends here");
    }
    open_.pop_back();
    return true;
  }
  bool end_array() override {
    open_.pop_back();
    return true;
  }

  bool parse_error(size_t, const std::string& last_read,
                   const Json::exception&) override {
    // Not at the end, where it may be inside a string that is not closed.
    if (last_read.ends_with('\'') && cursor_ != end_) {
      return Fail(kMalformed,
                  "got a single quote, want member names and strings in double "
                  "quotes");
    }
    return Fail(kMalformed, "want one JSON text as RFC 8259 defines it");
  }

 private:
  // Grows by moving the values. The vector that an object is would copy them
  // and leave the old ones behind unwiped, since the names beside them are
  // const and have no move that cannot throw.
  static void MakeRoom(Json::object_t& members) {
    if (members.size() < members.capacity()) return;
    Json::object_t larger;
    larger.reserve(std::max<size_t>(1, 2 * members.size()));
    for (auto& [name, value] : members) {
      larger.emplace_back(name, std::move(value));
    }
    members.swap(larger);
  }

  // In O(n log n), so that a body of nothing but names costs little.
  static bool HasDuplicateNames(const Json::object_t& members) {
    std::vector<std::string_view> names;
    names.reserve(members.size());
    for (const auto& [name, value] : members) names.push_back(name);
    std::sort(names.begin(), names.end());
    return std::adjacent_find(names.begin(), names.end()) != names.end();
  }

  // Puts `value` where the text stands: the whole, the next element, or the
  // value of the newest member. The pointer is good until its parent grows, so
  // as long as anything inside it is being read.
  Json* Add(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Json& parent = *open_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    Json& member = parent.get_ref<Json::object_t&>().back().second;
    member = std::move(value);
    return &member;
  }

  bool Open(Json::value_t type) {
    if (open_.size() >= static_cast<size_t>(max_depth_)) {
      return Fail(kTooDeep, absl::StrCat("want at most ", max_depth_,
                                         " levels of nesting"));
    }
    open_.push_back(Add(Json(type)));
    return true;
  }

  bool Fail(const char* reason, std::string_view detail) {
    status_ = ErrorNear(reason, static_cast<size_t>(cursor_ - begin_), detail);
    return false;
  }

  const char* const begin_;
  const char* const end_;
  const char* cursor_;
  const int max_depth_;
  Json root_;
  std::vector<Json*> open_;  // From the outermost to the innermost.
  absl::Status status_;
};

}  // namespace

absl::StatusOr<Json> ParseJson(std::string_view text, JsonLimits limits) {
  // Two things that nlohmann's lexer lets pass: a byte order mark, and a NUL,
  // which it takes for the end of the text.
  if (text.starts_with("\xEF\xBB\xBF")) {
    return ErrorNear(kMalformed, 0, "want UTF-8 without a byte order mark");
  }
  if (const size_t nul = text.find('\0'); nul != text.npos) {
    return ErrorNear(kMalformed, nul, "got a NUL byte");
  }
  Builder builder(text, limits);
  const CountingIterator begin(text.data(), builder.cursor());
  const CountingIterator end(text.data() + text.size(), builder.cursor());
  if (!Json::sax_parse(begin, end, &builder)) return builder.status();
  return builder.TakeValue();
}

void WipeStrings(Json& json) {
  if (json.is_string()) return Wipe(json.get_ref<std::string&>());
  if (!json.is_structured()) return;
  for (Json& inner : json) WipeStrings(inner);
}

void AppendJsonString(std::string_view text, std::string& out) {
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  out.push_back('"');
  for (const char c : text) {
    switch (c) {
      case '"':
      case '\\':
        out.push_back('\\');
        out.push_back(c);
        break;
      case '\b':
        out.append("\\b");
        break;
      case '\f':
        out.append("\\f");
        break;
      case '\n':
        out.append("\\n");
        break;
      case '\r':
        out.append("\\r");
        break;
      case '\t':
        out.append("\\t");
        break;
      default:
        if (static_cast<uint8_t>(c) < 0x20) {
          out.append("\\u00");
          out.push_back(kHexDigits[c >> 4]);
          out.push_back(kHexDigits[c & 0x0F]);
        } else {
          out.push_back(c);
        }
    }
  }
  out.push_back('"');
}

}  // namespace signet
