// The encodings of octets in record data: hex and base64 (RFC 4648 §8, §4), base32hex without
// padding (RFC 4648 §7, RFC 5155 §3.3), and the escapes of character strings (RFC 1035 §5.1).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/bytes.h"

namespace gatepost::storage {

// The decoders append to `out`. Hex and base64 may come in pieces, cut anywhere (RFC 4034 §2.2).
class HexDecoder {
  public:
    explicit HexDecoder(std::vector<uint8_t>& out) : out_(out) {}
    bool feed(std::string_view text);
    bool finish() const { return !half_; }

  private:
    std::vector<uint8_t>& out_;
    uint8_t high_ = 0;
    bool half_ = false;  // one digit of an octet is in high_
};

class Base64Decoder {
  public:
    explicit Base64Decoder(std::vector<uint8_t>& out) : out_(out) {}
    bool feed(std::string_view text);
    // Complete groups of four, padded as needed.
    bool finish() const { return count_ == 0; }

  private:
    bool flush_group();
    std::vector<uint8_t>& out_;
    uint32_t bits_ = 0;
    uint8_t count_ = 0;    // characters of the open group, the padding included
    uint8_t padding_ = 0;  // "=" seen; nothing may follow a padded group
};

bool base32hex_decode(std::string_view text, std::vector<uint8_t>& out);
// Undoes \DDD and \X. False: a broken escape, or a '"' that is not escaped.
bool string_unescape(std::string_view text, std::vector<uint8_t>& out);

void hex_to_text(Bytes octets, std::string& out);        // upper case
void base64_to_text(Bytes octets, std::string& out);     // padded
void base32hex_to_text(Bytes octets, std::string& out);  // lower case
void string_to_quoted(Bytes octets, std::string& out);   // "…", with \DDD, \" and \\ inside
// The same without the quotes where the octets can stand as one word.
void string_to_word(Bytes octets, std::string& out);

}  // namespace gatepost::storage
