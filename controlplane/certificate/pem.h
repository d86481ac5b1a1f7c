// PEM as people have it (RFC 7468 §2 and §3, "lax"): blocks in base64 between BEGIN and END lines,
// with any other text around them. What is wrong with a block is kept with it, so that whoever
// looks for certificates can say which of them it is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/certificate/secret_bytes.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

inline constexpr size_t kPemSizeMax = 256 * 1024;  // octets of a whole text
inline constexpr size_t kPemBlocksMax = 64;

struct PemBlock {
    std::string label;  // "CERTIFICATE"
    size_t line = 0;    // of its BEGIN, from 1
    SecretBytes der;    // it may be a key
    // "Proc-Type: 4,ENCRYPTED" (RFC 1421 §4.6.1.1), as OpenSSL writes keys with a passphrase.
    bool is_encrypted = false;
    // What is wrong with it, to be put behind "the certificate"; empty: nothing.
    std::string problem;
};

// In the order of the text. An error only where the text is beyond the limits.
Result<std::vector<PemBlock>> read_pem(std::string_view text);

// A block with its final newline (RFC 7468 §3, "strict").
std::string write_pem(std::string_view label, Bytes der);

}  // namespace gatepost::controlplane
