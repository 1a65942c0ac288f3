// Makes keys and X.509 certificates with OpenSSL (RFC 5280).
#include "harness/faults/throwaway_authority.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <memory>

namespace stampede {
namespace {

using modelcache::ErrorCode;
using modelcache::fail;
using modelcache::Result;

constexpr long kHourInSeconds = 60 * 60;
constexpr long kWeekInSeconds = 7 * 24 * kHourInSeconds;
constexpr int kSerialBytes = 16;

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(ASN1_OCTET_STRING* address) const { ASN1_OCTET_STRING_free(address); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Certificate = std::unique_ptr<X509, Free>;

tl::unexpected<modelcache::Error> failed(const char* step) {
  char words[256];
  ERR_error_string_n(ERR_get_error(), words, sizeof(words));
  return fail(ErrorCode::io, "make certificate", step, words);
}

std::string pem_of(const BIO& bio) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(const_cast<BIO*>(&bio), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

std::string pem_of(X509& certificate) {
  const std::unique_ptr<BIO, Free> bio(BIO_new(BIO_s_mem()));
  return bio && PEM_write_bio_X509(bio.get(), &certificate) == 1 ? pem_of(*bio) : std::string();
}

std::string pem_of(EVP_PKEY& key) {
  const std::unique_ptr<BIO, Free> bio(BIO_new(BIO_s_mem()));
  const bool is_written = bio && PEM_write_bio_PrivateKey(bio.get(), &key, nullptr, nullptr, 0, nullptr, nullptr) == 1;
  return is_written ? pem_of(*bio) : std::string();
}

bool add_extension(X509& certificate, X509& issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Free> extension(X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str()));
  return extension && X509_add_ext(&certificate, extension.get(), -1) == 1;
}

bool set_serial(X509& certificate) {
  unsigned char bytes[kSerialBytes];
  if (RAND_bytes(bytes, kSerialBytes) != 1) return false;
  bytes[0] &= 0x7f;  // positive
  BIGNUM* const number = BN_bin2bn(bytes, kSerialBytes, nullptr);
  const bool is_set = number != nullptr && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(&certificate)) != nullptr;
  BN_free(number);
  return is_set;
}

// Everything but extensions and signature.
Certificate make_certificate(EVP_PKEY& key, const char* name) {
  Certificate certificate(X509_new());
  if (!certificate) return nullptr;
  constexpr long kVersion3 = 2;
  X509_NAME* const subject = X509_get_subject_name(certificate.get());
  const bool is_made = X509_set_version(certificate.get(), kVersion3) == 1 && set_serial(*certificate) &&
                       X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kHourInSeconds) != nullptr &&
                       X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kWeekInSeconds) != nullptr &&
                       X509_set_pubkey(certificate.get(), &key) == 1 &&
                       X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                                  reinterpret_cast<const unsigned char*>(name), -1, -1, 0) == 1;
  return is_made ? std::move(certificate) : nullptr;
}

Certificate make_authority(EVP_PKEY& key) {
  Certificate certificate = make_certificate(key, "Stampede's throw-away authority");
  if (!certificate || X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get())) != 1) return {};
  const bool is_signed =
      add_extension(*certificate, *certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
      add_extension(*certificate, *certificate, NID_key_usage, "critical,keyCertSign") &&
      add_extension(*certificate, *certificate, NID_subject_key_identifier, "hash") &&
      X509_sign(certificate.get(), &key, EVP_sha256()) > 0;
  return is_signed ? std::move(certificate) : nullptr;
}

Certificate make_server(EVP_PKEY& key, X509& authority, EVP_PKEY& authority_key, const std::string& names) {
  Certificate certificate = make_certificate(key, "Stampede's lying server");
  if (!certificate || X509_set_issuer_name(certificate.get(), X509_get_subject_name(&authority)) != 1) return {};
  const bool is_signed = add_extension(*certificate, authority, NID_basic_constraints, "critical,CA:FALSE") &&
                         add_extension(*certificate, authority, NID_key_usage, "critical,digitalSignature") &&
                         add_extension(*certificate, authority, NID_ext_key_usage, "serverAuth") &&
                         add_extension(*certificate, authority, NID_subject_alt_name, names) &&
                         add_extension(*certificate, authority, NID_authority_key_identifier, "keyid") &&
                         X509_sign(certificate.get(), &authority_key, EVP_sha256()) > 0;
  return is_signed ? std::move(certificate) : nullptr;
}

}  // namespace

Result<TlsIdentity> make_tls_identity(const std::vector<std::string>& addresses) {
  std::string names = "DNS:localhost";
  for (const std::string& address : addresses) {
    const std::unique_ptr<ASN1_OCTET_STRING, Free> numeric(a2i_IPADDRESS(address.c_str()));
    if (!numeric) return fail(ErrorCode::invalid_argument, "make certificate", address, "expected a numeric address");
    names += ",IP:" + address;
  }
  const Key authority_key(EVP_EC_gen("P-256"));
  const Key server_key(EVP_EC_gen("P-256"));
  if (!authority_key || !server_key) return failed("key");
  const Certificate authority = make_authority(*authority_key);
  if (!authority) return failed("authority");
  const Certificate server = make_server(*server_key, *authority, *authority_key, names);
  if (!server) return failed("server");
  TlsIdentity identity{.authority = pem_of(*authority), .certificate = pem_of(*server), .key = pem_of(*server_key)};
  if (identity.authority.empty() || identity.certificate.empty() || identity.key.empty()) return failed("PEM");
  return identity;
}

}  // namespace stampede
