#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace palimpsest::testing {

/// A certificate authority made when the test runs, with one server certificate for 127.0.0.1, localhost and *.test.
class TestAuthority {
 public:
  TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;
  ~TestAuthority();

  /// The authority's certificate as a PEM file, for clients that trust it.
  const std::string& ca_file() const { return ca_file_; }
  SSL_CTX* server_context() const { return context_.get(); }

  /// One for the whole test program.
  static const TestAuthority& shared();

 private:
  std::string ca_file_;
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
};

}  // namespace palimpsest::testing
