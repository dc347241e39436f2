// SPDX-License-Identifier: Apache-2.0
#include "server/oauth/curl_http_client.h"

#include <curl/curl.h>

#include <array>
#include <cstddef>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace signet::oauth {
namespace {

constexpr int kWakeUpMs = 1000;

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct MultiDeleter {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

struct Body {
  size_t limit;
  std::string text;
};

// A curl write callback: taking less than was offered ends the transfer.
size_t AppendToBody(char* data, size_t size, size_t count, void* user) {
  Body& body = *static_cast<Body*>(user);
  const size_t bytes = size * count;
  if (bytes > body.limit - body.text.size()) return 0;
  body.text.append(data, bytes);
  return bytes;
}

}  // namespace

struct CurlHttpClient::Handles {
  // The transfer runs in a multi handle of its own, for the sake of
  // curl_multi_wakeup: it ends a wait from another thread.
  std::unique_ptr<CURLM, MultiDeleter> multi;
  std::unique_ptr<CURL, EasyDeleter> easy;
};

absl::StatusOr<std::unique_ptr<CurlHttpClient>> CurlHttpClient::Create(
    const KeyFetchPolicy& policy) {
  // Counts its calls, and is thread-safe since 7.84. Never undone: libcurl is
  // in use as long as the process.
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return absl::ResourceExhaustedError("libcurl: cannot be initialised");
  }
  auto handles = std::make_unique<Handles>();
  handles->multi.reset(curl_multi_init());
  handles->easy.reset(curl_easy_init());
  if (!handles->multi || !handles->easy) {
    return absl::ResourceExhaustedError("libcurl: out of memory");
  }
  return std::unique_ptr<CurlHttpClient>(
      new CurlHttpClient(policy, std::move(handles)));
}

CurlHttpClient::CurlHttpClient(const KeyFetchPolicy& policy,
                               std::unique_ptr<Handles> handles)
    : policy_(policy), handles_(std::move(handles)) {
  CURL* const easy = handles_->easy.get();
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);  // Resolvers may linger.
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_SSLVERSION,
                   static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");  // Also not the environment's.
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "signetd");
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &AppendToBody);
  curl_easy_setopt(
      easy, CURLOPT_CONNECTTIMEOUT_MS,
      static_cast<long>(absl::ToInt64Milliseconds(policy_.connect_timeout)));
  curl_easy_setopt(
      easy, CURLOPT_TIMEOUT_MS,
      static_cast<long>(absl::ToInt64Milliseconds(policy_.request_timeout)));
}

CurlHttpClient::~CurlHttpClient() = default;

absl::StatusOr<std::string> CurlHttpClient::Get(const std::string& url) {
  CURL* const easy = handles_->easy.get();
  Body body{.limit = policy_.max_document_bytes, .text = {}};
  std::array<char, CURL_ERROR_SIZE> error = {};
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &body);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error.data());
  const int code = Perform();
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, nullptr);

  if (code == CURLE_ABORTED_BY_CALLBACK) {
    return absl::CancelledError("the request was cancelled");
  }
  if (code == CURLE_WRITE_ERROR) {
    return absl::UnavailableError(
        absl::StrCat("want a body of at most ", body.limit, " bytes"));
  }
  if (code != CURLE_OK) {
    return absl::UnavailableError(
        error[0] != '\0' ? error.data()
                         : curl_easy_strerror(static_cast<CURLcode>(code)));
  }
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  if (status == 404) return absl::NotFoundError("got status 404");
  if (status != 200) {
    return absl::UnavailableError(
        absl::StrCat("got status ", status, ", want 200"));
  }
  return std::move(body.text);
}

int CurlHttpClient::Perform() {
  CURLM* const multi = handles_->multi.get();
  CURL* const easy = handles_->easy.get();
  if (curl_multi_add_handle(multi, easy) != CURLM_OK) {
    return CURLE_FAILED_INIT;
  }
  const absl::Cleanup remove = [&] { curl_multi_remove_handle(multi, easy); };
  while (!cancelled_) {
    int running = 0;
    if (curl_multi_perform(multi, &running) != CURLM_OK) {
      return CURLE_FAILED_INIT;
    }
    if (running == 0) {
      int left = 0;
      const CURLMsg* const message = curl_multi_info_read(multi, &left);
      return message == nullptr ? CURLE_FAILED_INIT : message->data.result;
    }
    curl_multi_poll(multi, nullptr, 0, kWakeUpMs, nullptr);
  }
  return CURLE_ABORTED_BY_CALLBACK;
}

void CurlHttpClient::Cancel() {
  cancelled_ = true;
  curl_multi_wakeup(handles_->multi.get());
}

}  // namespace signet::oauth
