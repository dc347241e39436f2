// SPDX-License-Identifier: Apache-2.0
#include "http/http2_callbacks.h"

#include <malloc.h>
#include <nghttp2/nghttp2.h>
#include <string.h>  // explicit_bzero is not in <cstring>'s std.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "http/http2_session.h"

namespace signet::http {
namespace {

constexpr size_t kFrameHeaderBytes = 9;  // RFC 9113 section 4.1

std::string_view ToView(const uint8_t* bytes, size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

void WipeAndFree(void* block, void*) {
  if (block == nullptr) return;
  explicit_bzero(block, malloc_usable_size(block));
  std::free(block);
}

void* WipingRealloc(void* block, size_t size, void*) {
  void* const moved = std::malloc(size);
  if (moved == nullptr) return nullptr;
  if (block != nullptr) {
    memcpy(moved, block, std::min(size, malloc_usable_size(block)));
  }
  WipeAndFree(block, nullptr);
  return moved;
}

}  // namespace

// Translates between nghttp2's C and the session's methods.
struct Http2Callbacks {
  static Http2Session& Owner(void* user_data) {
    return *static_cast<Http2Session*>(user_data);
  }

  static int Verdict(bool go_on) {
    return go_on ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
  }

  static int OnBeginFrame(nghttp2_session*, const nghttp2_frame_hd* header,
                          void* owner) {
    return Verdict(Owner(owner).OnFrameHeader(*header));
  }

  static int OnBeginHeaders(nghttp2_session*, const nghttp2_frame* frame,
                            void* owner) {
    Owner(owner).OnFieldsBegin(*frame);
    return 0;
  }

  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame,
                      const uint8_t* name, size_t name_size,
                      const uint8_t* value, size_t value_size, uint8_t,
                      void* owner) {
    return Verdict(Owner(owner).OnField(*frame, ToView(name, name_size),
                                        ToView(value, value_size)));
  }

  static int OnDataChunk(nghttp2_session*, uint8_t, int32_t stream,
                         const uint8_t* bytes, size_t size, void* owner) {
    Owner(owner).OnData(stream, ToView(bytes, size));
    return 0;
  }

  static int OnFrameReceived(nghttp2_session*, const nghttp2_frame* frame,
                             void* owner) {
    return Verdict(Owner(owner).OnFrame(*frame));
  }

  static int OnFrameSent(nghttp2_session*, const nghttp2_frame* frame,
                         void* owner) {
    Owner(owner).OnFrameSent(*frame);
    return 0;
  }

  static int OnStreamClose(nghttp2_session*, int32_t stream, uint32_t,
                           void* owner) {
    Owner(owner).OnStreamClosed(stream);
    return 0;
  }

  static int SendData(nghttp2_session*, nghttp2_frame*, const uint8_t* header,
                      size_t size, nghttp2_data_source* source, void* owner) {
    return Owner(owner).SendData(*static_cast<Http2Stream*>(source->ptr),
                                 ToView(header, kFrameHeaderBytes), size)
               ? 0
               : NGHTTP2_ERR_WOULDBLOCK;
  }
};

nghttp2_session* NewNghttp2Session(Http2Session* owner) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_option* option = nullptr;
  nghttp2_session* session = nullptr;
  if (nghttp2_session_callbacks_new(&callbacks) == 0 &&
      nghttp2_option_new(&option) == 0) {
    using C = Http2Callbacks;
    nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks,
                                                          C::OnBeginFrame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks,
                                                            C::OnBeginHeaders);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, C::OnHeader);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks,
                                                              C::OnDataChunk);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks,
                                                         C::OnFrameReceived);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks,
                                                         C::OnFrameSent);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks,
                                                           C::OnStreamClose);
    nghttp2_session_callbacks_set_send_data_callback(callbacks, C::SendData);

    // Windows are ours to open; closed streams are nobody's priority.
    nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_option_set_no_closed_streams(option, 1);

    nghttp2_mem memory = {nullptr,
                          [](size_t size, void*) { return std::malloc(size); },
                          WipeAndFree,
                          [](size_t count, size_t size, void*) {
                            return std::calloc(count, size);
                          },
                          WipingRealloc};
    if (nghttp2_session_server_new3(&session, callbacks, owner, option,
                                    &memory) != 0) {
      session = nullptr;
    }
  }
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
  return session;
}

}  // namespace signet::http
