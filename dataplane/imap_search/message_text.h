// What BODY and TEXT of SEARCH look into: the texts of a message, decoded and casemapped.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/imap_search/header_match.h"
#include "dataplane/imap_search/summary_view.h"
#include "dataplane/imap_search/text_needle.h"
#include "dataplane/mail/charset.h"
#include "dataplane/mail/transfer_encoding.h"
#include "storage/base/bytes.h"

namespace gatepost::dataplane {

// Octets of one header that are looked into: what the parser reads of it (kHeaderOctetsMax).
uint64_t header_octets_searched(uint64_t header_size);

// A body of text that comes in pieces of any size, as UTF-8 that has been casemapped.
class TextDecoder {
  public:
    TextDecoder(const PartPiece& part, const Charsets& charsets);

    // Appends what can be told of it so far, up to the end of a line; with the last piece all of
    // it.
    void decode(Bytes raw, bool is_last, std::string& out);

  private:
    const Charsets& charsets_;
    TransferDecoder transfer_;
    bool is_utf8_;  // nothing is to be converted
    std::string charset_;
    std::string octets_;  // decoded, of that charset
    std::string utf8_;
};

// A message that lies whole in memory. Texts are made when they are first looked into, and kept
// while others are looked for in them; plain text of ASCII is read where it lies.
class MessageText {
  public:
    MessageText(const Charsets& charsets, MatchScratch& scratch)
        : charsets_(charsets), scratch_(scratch) {}

    // Another message. Both outlive what is asked of it.
    void set(std::string_view octets, SummaryView& summary);

    bool is_in_body(const TextNeedle& needle);
    bool is_in_header(const TextNeedle& needle);
    // The message's header.
    std::string_view header();
    // Octets of it, as far as they are there.
    std::string_view slice(uint64_t offset, uint64_t size) const;

  private:
    void make_bodies();
    void make_headers();

    const Charsets& charsets_;
    MatchScratch& scratch_;
    std::string_view octets_;
    SummaryView* summary_ = nullptr;
    bool has_bodies_ = false;
    bool has_headers_ = false;
    std::vector<std::string_view> plain_;  // bodies that are read where they lie
    // The others, one behind the other with a NUL between them, which nobody can look for
    // (RFC 9051 §9: there is none in a string).
    std::string bodies_;
    std::string headers_;  // of all parts, and names of attachments
};

}  // namespace gatepost::dataplane
