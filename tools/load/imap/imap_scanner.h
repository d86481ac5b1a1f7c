// Responses of an IMAP server, one after the other, as the octets come in. What is in literals is
// counted and passed over: a mailbox that is fetched is not kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gatepost::tools {

struct ImapResponse {
    enum class Kind : uint8_t { untagged, tagged, continuation };

    Kind kind = Kind::untagged;
    std::string_view tag;  // of a tagged one
    // What follows "* ", "+ " or the tag, without the last CRLF. Of a literal there is its
    // "{size}" and a CRLF. Valid until the scanner is asked again, or its octets go away.
    std::string_view text;
    uint64_t literal_octets = 0;
};

class ImapScanner {
  public:
    // Octets of a response outside of literals. The numbers of a SEARCH that finds a million
    // messages are 7 MiB.
    static constexpr size_t kTextMax = 16 << 20;
    static constexpr size_t kTagMax = 32;  // octets; ours are shorter

    enum class Found : uint8_t { nothing, response, malformed };

    // Takes octets from the front of `octets` until a response is complete or there are none left.
    // Behind `malformed` the stream cannot be read on.
    Found take(std::string_view& octets, ImapResponse& response);
    void clear();

  private:
    void begin();
    bool keep(std::string_view octets);
    Found complete(std::string_view text, ImapResponse& response);

    std::string text_;   // of a response that did not come in one piece
    bool told_ = false;  // what is in text_ was given to the caller
    uint64_t literal_left_ = 0;
    uint64_t literal_octets_ = 0;
};

}  // namespace gatepost::tools
