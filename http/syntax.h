// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_HTTP_SYNTAX_H_
#define SIGNET_HTTP_SYNTAX_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

// The small grammars and limits that both versions of HTTP share. Pure;
// thread-safe.
namespace signet::http {

// Fields of one request, at most; a field costs more than its bytes.
inline constexpr size_t kMaxFields = 128;

// token = 1*tchar (RFC 9110 section 5.6.2).
bool IsToken(std::string_view text);

// field-value without CTL other than HTAB (RFC 9110 section 5.5); may be empty.
bool IsFieldValue(std::string_view text);

// Without the spaces and tabs around it (OWS, RFC 9110 section 5.6.3).
std::string_view TrimOws(std::string_view text);

// ASCII only.
void LowerCase(std::string& text);
bool EqualsIgnoringCase(std::string_view a, std::string_view b);

// Whether the comma-separated list `value` has the member `token`, in any case
// (RFC 9110 section 5.6.1).
bool ListHas(std::string_view value, std::string_view token);

// uri-host [ ":" port ] (RFC 9110 section 7.2), neither empty nor with
// userinfo.
bool IsAuthority(std::string_view text);

// What a request-target asks for.
struct Target {
  std::string_view path_and_query;  // Starts with '/' unless it is empty.
  std::string_view authority;       // Empty in origin form.
};

// Takes a request-target apart (RFC 9112 section 3.2): origin form, or absolute
// form with the scheme http or https. Nothing for authority and asterisk form,
// and for bytes that RFC 3986 keeps out of a path and query; percent-encoding
// is not looked into.
std::optional<Target> ParseTarget(std::string_view text);

}  // namespace signet::http

#endif  // SIGNET_HTTP_SYNTAX_H_
