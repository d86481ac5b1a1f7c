// The beginning of a message's text, for lists of messages (RFC 8970).
#pragma once

#include <string>
#include <string_view>

#include "dataplane/mail/charset.h"
#include "dataplane/mail/message_summary.h"
#include "dataplane/mail/transfer_encoding.h"
#include "storage/base/bytes.h"

namespace gatepost::dataplane {

// Keeps the beginning of the first body that is text/plain or text/html, and no attachment. One
// whose text is empty leaves it to the next.
class PreviewSource {
  public:
    // Whether the body of that part is wanted. It begins now.
    bool begin(const MessagePart& part);
    bool wants_more() const { return is_open_ && raw_.size() < kept_max_; }
    void add(Bytes raw);
    // The body has ended, or no more of it is wanted: the text, empty if there is none.
    std::string finish(const Charsets& charsets);

  private:
    std::string raw_;
    size_t kept_max_ = 0;
    TransferEncoding encoding_ = TransferEncoding::identity;
    std::string charset_;
    bool is_html_ = false;
    bool is_open_ = false;
    bool is_done_ = false;
};

// The text of HTML that is UTF-8: no tags, comments, scripts and styles; character references of
// numbers and the most frequent names. Not for display as HTML.
std::string html_text(std::string_view html);

// White space and control characters become single spaces, none at the ends; at most
// `characters_max` code points.
std::string collapse_spaces(std::string_view text, size_t characters_max);

}  // namespace gatepost::dataplane
