// Content-Transfer-Encoding (RFC 2045 §6): octets of a body as they were before.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/base/bytes.h"

namespace gatepost::dataplane {

enum class TransferEncoding : uint8_t {
    identity,  // 7bit, 8bit, binary
    quoted_printable,
    base64,
    unknown,  // RFC 2045 §6.4: to be treated as application/octet-stream
};
// The name in any case; empty is "7bit".
TransferEncoding transfer_encoding(std::string_view name);

// Decodes a body that comes in pieces of any size. Takes what is malformed as RFC 2045 §6.7 and
// §6.8 advise: it stays as it stands (quoted-printable) or is left out (base64).
class TransferDecoder {
  public:
    explicit TransferDecoder(TransferEncoding encoding) : encoding_(encoding) {}

    // Appends to `out` at most as many octets as `raw` and what was held back have.
    void decode(Bytes raw, std::string& out);
    // At the end of the body.
    void finish(std::string& out);

  private:
    void decode_base64(Bytes raw, std::string& out);
    void decode_quoted_printable(Bytes raw, std::string& out);

    TransferEncoding encoding_;
    uint32_t bits_ = 0;      // of base64, not given out yet
    uint8_t bit_count_ = 0;  // 0, 6, 12, 18
    bool padded_ = false;
    // Of quoted-printable: "=", "=X", "=\r", or white space that may end its line.
    std::string held_;
};

}  // namespace gatepost::dataplane
