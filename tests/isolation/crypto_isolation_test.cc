// SPDX-License-Identifier: Apache-2.0
//
// BoringSSL (ours, under SIGNET_ names) and OpenSSL (libgrpc's) share this
// process. These tests prove that both work at once and that neither is ever
// called in place of the other.
#include <dlfcn.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <openssl/curve25519.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/notification.h"
#include "crypto/digest.h"
#include "crypto/public_key.h"
#include "crypto/system_random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace signet {
namespace {

namespace fs = std::filesystem;

// Of `localhost`, for this test alone: it protects nothing.
constexpr char kServerKey[] = R"(
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgXY+vuJYOjn8r8jgS
zVgfuEqCREyn+pPykrc5mkPaaHGhRANCAASVZBAtyvBj0T+Pr/UZS+qssSmmcj+E
FRYp+tT8jPTK811R2RQD0HAwVE2mk2bwi0CyJU3mrPwJkQAFkVPoHlqL
-----END PRIVATE KEY-----
)";
constexpr char kServerCertificate[] = R"(
-----BEGIN CERTIFICATE-----
MIIBlTCCATugAwIBAgIUPEaPQpCxiwXqkQ77tCVvW7nT0pQwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNDA2NDgwMVoYDzIxMjYxMDMx
MDY0ODAxWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASVZBAtyvBj0T+Pr/UZS+qssSmmcj+EFRYp+tT8jPTK811R2RQD0HAw
VE2mk2bwi0CyJU3mrPwJkQAFkVPoHlqLo2kwZzAdBgNVHQ4EFgQUJdAINBGL0c+s
GGdli1og7gxqW9QwHwYDVR0jBBgwFoAUJdAINBGL0c+sGGdli1og7gxqW9QwDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
SAAwRQIgT2GA845V65NbKuk9kEMfYEDB95WYo5Zzw8PmDUkbWdECIQCj26dp+Xl2
8kqHT5X97mxSBppxVa7Fd060omlxLP/4OA==
-----END CERTIFICATE-----
)";

std::vector<uint8_t> FromBase64Url(absl::string_view text) {
  std::string bytes;
  EXPECT_TRUE(absl::WebSafeBase64Unescape(text, &bytes));
  return std::vector<uint8_t>(bytes.begin(), bytes.end());
}

// Runs every kind of call that crypto makes and checks the answers:
// RFC 4231 case 2, RFC 7515 A.3 and RFC 8037 A.4.
class OurCrypto {
 public:
  OurCrypto()
      : es256_(*crypto::PublicKey::FromEc(
            crypto::EcCurve::kP256,
            FromBase64Url("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
            FromBase64Url("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"))),
        ed25519_(*crypto::PublicKey::FromEd25519(
            FromBase64Url("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"))) {}

  bool Works() {
    const std::string_view key = "Jefe";
    const crypto::Sha256Digest mac = crypto::HmacSha256(
        {reinterpret_cast<const uint8_t*>(key.data()), key.size()},
        "what do ya want for nothing?");
    std::vector<uint8_t> bytes(32);
    random_.Fill(bytes);
    return mac[0] == 0x5b && mac[31] == 0x43 &&
           crypto::Sha256("abc")[0] == 0xba &&
           bytes != std::vector<uint8_t>(32) &&
           es256_->Verify(crypto::SignatureAlgorithm::kEs256, kEs256Input,
                          es256_signature_) &&
           !es256_->Verify(crypto::SignatureAlgorithm::kEs256, "x",
                           es256_signature_) &&
           ed25519_->Verify(crypto::SignatureAlgorithm::kEdDsa, kEd25519Input,
                            ed25519_signature_) &&
           !ed25519_->Verify(crypto::SignatureAlgorithm::kEdDsa, "x",
                             ed25519_signature_);
  }

 private:
  static constexpr std::string_view kEs256Input =
      "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh"
      "0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
  static constexpr std::string_view kEd25519Input =
      "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";

  const std::unique_ptr<crypto::PublicKey> es256_;
  const std::unique_ptr<crypto::PublicKey> ed25519_;
  const std::vector<uint8_t> es256_signature_ = FromBase64Url(
      "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-"
      "F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTU"
      "JqPP3-Kg6NU1Q");
  const std::vector<uint8_t> ed25519_signature_ = FromBase64Url(
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-"
      "09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7s"
      "VvpAr_MuM0KAg");
  crypto::SystemRandom random_;
};

// gRPC offers its health service only beside another one.
std::unique_ptr<grpc::Server> StartTlsServer(
    int* port, grpc::CallbackGenericService* another) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::SslServerCredentialsOptions options;
  options.pem_key_cert_pairs.push_back({kServerKey, kServerCertificate});
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(options),
                           port);
  builder.RegisterCallbackGenericService(another);
  return builder.BuildAndStart();
}

// Asks for the server's health on a connection of its own.
grpc::Status CallOverTls(int port, std::string* answer) {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = kServerCertificate;
  grpc::ChannelArguments arguments;
  arguments.SetSslTargetNameOverride("localhost");
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  grpc::GenericStub stub(
      grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", port),
                                grpc::SslCredentials(options), arguments));

  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::seconds(30));
  const grpc::Slice nothing;
  const grpc::ByteBuffer request(&nothing, 1);
  grpc::ByteBuffer response;
  grpc::Status status;
  absl::Notification done;
  stub.UnaryCall(&context, "/grpc.health.v1.Health/Check", grpc::StubOptions(),
                 &request, &response, [&](grpc::Status result) {
                   status = std::move(result);
                   done.Notify();
                 });
  done.WaitForNotification();
  grpc::Slice slice;
  if (status.ok() && response.DumpToSingleSlice(&slice).ok()) {
    answer->assign(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return status;
}

TEST(CryptoIsolation, BothWorkAtTheSameTime) {
  int port = 0;
  grpc::CallbackGenericService another;
  const std::unique_ptr<grpc::Server> server = StartTlsServer(&port, &another);
  ASSERT_NE(server, nullptr);
  ASSERT_NE(port, 0);

  std::atomic<bool> stop = false;
  std::atomic<int> rounds = 0;
  std::atomic<int> failures = 0;
  std::thread ours([&] {
    OurCrypto crypto;
    while (!stop || rounds < 100) {
      if (!crypto.Works()) ++failures;
      ++rounds;
    }
  });
  OurCrypto crypto;
  for (int i = 0; i < 20; ++i) {
    std::string answer;
    const grpc::Status status = CallOverTls(port, &answer);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(answer, "\x08\x01");  // {status: SERVING}
    EXPECT_TRUE(crypto.Works());
  }
  stop = true;
  ours.join();
  EXPECT_EQ(failures, 0) << "of " << rounds;
  server->Shutdown();
}

std::string Executable() { return fs::read_symlink("/proc/self/exe"); }

// The file of the loaded object that `address` lies in.
std::string ObjectOf(const void* address) {
  Dl_info info = {};
  EXPECT_NE(dladdr(address, &info), 0);
  return fs::weakly_canonical(info.dli_fname);  // The vDSO is no file.
}

bool IsOpenSsl(std::string_view file) {
  return file.find("/libcrypto.so.3") != file.npos ||
         file.find("/libssl.so.3") != file.npos;
}

// Whether the OpenSSL in this process has a function of that name.
bool OpenSslExports(const std::string& symbol) {
  for (const char* library : {"libcrypto.so.3", "libssl.so.3"}) {
    void* const handle = dlopen(library, RTLD_NOLOAD | RTLD_LAZY);
    EXPECT_NE(handle, nullptr) << library;
    const void* const found = dlsym(handle, symbol.c_str());
    dlclose(handle);
    // The search goes on into libc.
    if (found != nullptr && IsOpenSsl(ObjectOf(found))) return true;
  }
  return false;
}

TEST(CryptoIsolation, OurCallsLieInTheExecutable) {
  for (const void* function : {reinterpret_cast<const void*>(&SHA256),
                               reinterpret_cast<const void*>(&HMAC),
                               reinterpret_cast<const void*>(&RAND_bytes),
                               reinterpret_cast<const void*>(&ED25519_verify),
                               reinterpret_cast<const void*>(&ECDSA_do_verify),
                               reinterpret_cast<const void*>(&RSA_verify)}) {
    EXPECT_EQ(ObjectOf(function), Executable());
  }
}

TEST(CryptoIsolation, PlainNamesBelongToOpenSsl) {
  for (const char* name :
       {"SHA256", "HMAC", "RAND_bytes", "EVP_DigestVerify", "ECDSA_do_verify",
        "RSA_verify", "SSL_do_handshake"}) {
    const void* const found = dlsym(RTLD_DEFAULT, name);
    ASSERT_NE(found, nullptr) << name;
    EXPECT_TRUE(IsOpenSsl(ObjectOf(found)))
        << name << " is in " << ObjectOf(found);
  }
}

std::vector<std::string> LinesOf(const std::string& command) {
  std::vector<std::string> lines;
  FILE* const pipe = popen(command.c_str(), "r");
  EXPECT_NE(pipe, nullptr);
  if (pipe == nullptr) return lines;
  char* line = nullptr;
  size_t capacity = 0;
  ssize_t size;
  while ((size = getline(&line, &capacity, pipe)) > 0) {
    lines.emplace_back(line, static_cast<size_t>(size - 1));
  }
  std::free(line);
  EXPECT_EQ(pclose(pipe), 0) << command;
  return lines;
}

// Not even where the loader does not look: a definition in the symbol table
// means that the linker took a function of BoringSSL without our prefix.
TEST(CryptoIsolation, TheExecutableDefinesNoFunctionOfOpenSslsNames) {
  // `static` in BoringSSL, so nothing else can reach them; the symbol table
  // does not tell that from hidden.
  const std::set<std::string> statics = {"BN_mod_mul_reciprocal", "PKCS1_MGF1"};
  int ours = 0;
  for (const std::string& line :
       LinesOf(absl::StrCat("nm --defined-only ", Executable()))) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    ASSERT_EQ(words.size(), 3u) << line;
    if (words[1] != "T" && words[1] != "t") continue;
    if (statics.contains(words[2])) continue;
    EXPECT_FALSE(OpenSslExports(words[2])) << words[2];
    if (absl::StartsWith(words[2], "SIGNET_")) ++ours;
  }
  EXPECT_GT(ours, 100);
}

// One line of the loader's own account: `from` calls `symbol` and gets `to`'s.
struct Binding {
  std::string from;
  std::string symbol;
  std::string to;
};

// Runs the first test again, with the loader writing down each symbol it binds.
std::vector<Binding> BindingsOfTheFirstTest() {
  std::string directory = testing::TempDir() + "signet_bindings_XXXXXX";
  EXPECT_NE(mkdtemp(directory.data()), nullptr);
  LinesOf(absl::StrCat(
      "LD_DEBUG=bindings LD_DEBUG_OUTPUT=", directory, "/log GTEST_OUTPUT= ",
      Executable(), " --gtest_filter=CryptoIsolation.BothWorkAtTheSameTime"));
  std::vector<Binding> bindings;
  for (const auto& file : fs::directory_iterator(directory)) {
    std::ifstream log(file.path());
    for (std::string line; std::getline(log, line);) {
      // 123: binding file A [0] to B [0]: normal symbol `NAME' [VERSION]
      const std::vector<std::string> words =
          absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
      if (words.size() < 11 || words[1] != "binding" || words[2] != "file")
        continue;
      const std::string& quoted = words[10];
      bindings.push_back(
          {words[3], quoted.substr(1, quoted.size() - 2), words[6]});
    }
  }
  fs::remove_all(directory);
  return bindings;
}

TEST(CryptoIsolation, TheLoaderBindsEachToItsOwn) {
  const std::string executable = Executable();
  int grpc_to_openssl = 0;
  bool handshake = false;
  for (const Binding& binding : BindingsOfTheFirstTest()) {
    const std::string text =
        absl::StrCat(binding.from, " -> ", binding.to, ": ", binding.symbol);
    if (binding.from == executable) {
      EXPECT_FALSE(IsOpenSsl(binding.to)) << text;
    }
    if (binding.to == executable) {
      EXPECT_FALSE(OpenSslExports(binding.symbol)) << text;
    }
    if (binding.from.find("/libgrpc.so") != std::string::npos) {
      if (IsOpenSsl(binding.to)) ++grpc_to_openssl;
      if (binding.symbol == "SSL_do_handshake") {
        handshake = true;
        EXPECT_TRUE(IsOpenSsl(binding.to)) << text;
      }
    }
  }
  EXPECT_GT(grpc_to_openssl, 50);
  EXPECT_TRUE(handshake);
}

}  // namespace
}  // namespace signet
