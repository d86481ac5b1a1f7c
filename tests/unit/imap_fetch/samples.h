// Messages whose parts are known octet by octet.
#pragma once

#include <string>
#include <string_view>

namespace gatepost::dataplane {

// "\n" as "\r\n".
std::string crlf(std::string_view text);

// Of RFC 9051 §8.
extern const std::string kPlainMessage;

// A multipart with a text, a message that is a multipart itself, and an image: what each section
// has to be stands beside it.
struct NestedMessage {
    std::string header;
    std::string text_mime;  // 1.MIME
    std::string text;       // 1
    std::string message_mime;
    std::string message_header;  // 2.HEADER
    std::string inner_1_mime;    // 2.1.MIME
    std::string inner_1;         // 2.1, quoted-printable
    std::string inner_2_mime;
    std::string inner_2;       // 2.2, base64
    std::string message_text;  // 2.TEXT
    std::string image_mime;
    std::string image;  // 3
    std::string body;   // TEXT

    std::string message() const { return message_header + message_text; }  // 2
    std::string whole() const { return header + body; }
};
NestedMessage nested_message();

}  // namespace gatepost::dataplane
