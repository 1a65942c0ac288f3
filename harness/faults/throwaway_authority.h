// A certificate authority for one run of the lying server, and the server's certificate from it.
#ifndef STAMPEDE_FAULTS_THROWAWAY_AUTHORITY_H
#define STAMPEDE_FAULTS_THROWAWAY_AUTHORITY_H

#include <string>
#include <vector>

#include "cache/result.h"

namespace stampede {

// All in PEM. The authority's own key is forgotten: nobody can sign anything with it again.
struct TlsIdentity {
  std::string authority;    // its certificate: what clients must trust
  std::string certificate;  // the server's
  std::string key;          // the server's
};

// ECDSA P-256, valid from an hour ago for a week, for the numeric addresses and "localhost".
// ERRORS: invalid_argument (an address that is not numeric), io (what OpenSSL says).
modelcache::Result<TlsIdentity> make_tls_identity(const std::vector<std::string>& addresses);

}  // namespace stampede

#endif  // STAMPEDE_FAULTS_THROWAWAY_AUTHORITY_H
