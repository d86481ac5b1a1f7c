// Replies of an SMTP server, one after the other, as the octets come in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gatepost::tools {

// RFC 5321 §4.2. A reply of several lines has one newline between them in `text`, and no codes.
struct SmtpReply {
    unsigned code = 0;
    std::string text;

    bool positive() const { return code / 100 == 2; }
};

class ReplyReader {
  public:
    // RFC 5321 §4.5.3.1.5 has 512 octets; some servers tell more of an error than that.
    static constexpr size_t kLineMax = 4096;
    static constexpr size_t kReplyMax = 64 * 1024;  // a server's extensions are far less

    enum class Found : uint8_t { nothing, reply, malformed };

    // Takes octets from the front of `octets` until a reply is complete or there are none left.
    // Behind `malformed` the stream cannot be read on.
    Found take(std::string_view& octets, SmtpReply& reply);
    void clear();

  private:
    Found take_line(SmtpReply& reply);

    std::string line_;  // what there is of it
    std::string text_;
    unsigned code_ = 0;  // of the lines before; 0: none
};

}  // namespace gatepost::tools
