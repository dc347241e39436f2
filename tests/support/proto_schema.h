// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_SUPPORT_PROTO_SCHEMA_H_
#define SIGNET_TESTS_SUPPORT_PROTO_SCHEMA_H_

#include <memory>
#include <string>
#include <utility>

#include "google/protobuf/compiler/parser.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/message.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace signet {

// Messages and services made from the text of a .proto file while the test
// runs, so that every shape can be tried, the wrong ones too. Imports are those
// of the generated pool. Owns what it hands out.
class ProtoSchema {
 public:
  // `body` follows `syntax`, `package test` and the imports of google/api, the
  // well-known types and signet/v1/annotations.
  explicit ProtoSchema(const std::string& body)
      : pool_(google::protobuf::DescriptorPool::generated_pool()),
        factory_(&pool_) {
    factory_.SetDelegateToGeneratedFactory(true);
    const std::string text = std::string(kHead) + body;
    google::protobuf::io::ArrayInputStream input(text.data(),
                                                 static_cast<int>(text.size()));
    Errors errors;
    google::protobuf::io::Tokenizer tokenizer(&input, &errors);
    google::protobuf::FileDescriptorProto file;
    google::protobuf::compiler::Parser parser;
    parser.RecordErrorsTo(&errors);
    if (!parser.Parse(&tokenizer, &file)) ADD_FAILURE() << "not a .proto file";
    file.set_name("test.proto");
    file_ = pool_.BuildFile(file);
    if (file_ == nullptr) ADD_FAILURE() << "a .proto file that does not hold";
  }

  const google::protobuf::Descriptor& Type(const std::string& name) const {
    return *file_->FindMessageTypeByName(name);
  }
  const google::protobuf::ServiceDescriptor* Service() const {
    return file_->service(0);
  }
  google::protobuf::MessageFactory* factory() { return &factory_; }

  std::unique_ptr<google::protobuf::Message> New(const std::string& name) {
    return std::unique_ptr<google::protobuf::Message>(
        factory_.GetPrototype(&Type(name))->New());
  }

  // A message from its text format.
  std::unique_ptr<google::protobuf::Message> Make(const std::string& name,
                                                  const std::string& text) {
    auto message = New(name);
    if (!google::protobuf::TextFormat::ParseFromString(text, message.get())) {
      ADD_FAILURE() << "not a " << name << ": " << text;
    }
    return message;
  }

 private:
  static constexpr char kHead[] = R"(
    syntax = "proto3";
    package test;
    import "google/api/annotations.proto";
    import "google/protobuf/any.proto";
    import "google/protobuf/duration.proto";
    import "google/protobuf/field_mask.proto";
    import "google/protobuf/struct.proto";
    import "google/protobuf/timestamp.proto";
    import "google/protobuf/wrappers.proto";
    import "signet/v1/annotations.proto";
  )";

  class Errors final : public google::protobuf::io::ErrorCollector {
   public:
    void AddError(int line, int column, const std::string& message) override {
      ADD_FAILURE() << "line " << line << ", column " << column << ": "
                    << message;
    }
  };

  google::protobuf::DescriptorPool pool_;
  google::protobuf::DynamicMessageFactory factory_;
  const google::protobuf::FileDescriptor* file_ = nullptr;
};

// A message in protobuf's text format, on one line.
inline std::string ShortText(const google::protobuf::Message& message) {
  return message.ShortDebugString();
}

}  // namespace signet

#endif  // SIGNET_TESTS_SUPPORT_PROTO_SCHEMA_H_
