// The messages of a run: each has a Message-ID of its own, an ordinary header, and a body of plain
// text. What a message is made of follows from its number and the run's name alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/base/bytes.h"

namespace gatepost::tools {

struct MessageMakerOptions {
    std::string run;     // in every Message-ID: runs that share a ledger differ in it
    std::string host;    // behind the @ of the Message-ID
    size_t size = 4096;  // octets of header and body; a header that is longer has no body
    int64_t date_s = 0;  // since 1970, in every message
};

class MessageMaker {
  public:
    explicit MessageMaker(MessageMakerOptions options);

    // The Message-ID without its angle brackets; it is what the ledger has.
    std::string id(uint64_t number) const;
    // Replaces `head` by the header, the empty line included, and gives the body: whole lines of
    // the maker's text, none of which begins with a dot, so that nothing is to be stuffed
    // (RFC 5321 §4.5.2).
    Bytes make(uint64_t number, std::string_view from, std::string_view to,
               std::string& head) const;

  private:
    MessageMakerOptions options_;
    std::string date_;
    std::string text_;  // lines of kLine octets
};

}  // namespace gatepost::tools
