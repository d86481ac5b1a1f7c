// Reads search keys (RFC 9051 §6.4.4 and its extensions) into a tree of bounded size and depth.
#pragma once

#include <string>
#include <string_view>

#include "dataplane/imap_syntax/imap_scanner.h"
#include "dataplane/imap_syntax/parse_context.h"
#include "dataplane/imap_syntax/search_key.h"

namespace gatepost::dataplane {

class SearchParser {
  public:
    SearchParser(ImapScanner& scanner, const ParseContext& context)
        : scanner_(scanner), context_(context) {}

    // A charset's name, at its beginning; texts are in UTF-8 without one. NO [BADCHARSET …] where
    // there is no such one here.
    bool read_charset();
    // Keys until the end of the command: all of them are to match.
    bool read_keys(SearchKey& out);
    // MODSEQ was among them (RFC 7162 §3.1.5).
    bool has_modseq() const { return has_modseq_; }

  private:
    bool read_group(SearchKey& out, int depth, bool parenthesized);
    bool read_key(SearchKey& out, int depth);
    bool read_any_of(SearchKey& out, int depth);
    bool read_named_key(SearchKey& out, int depth);
    bool read_modseq(SearchKey& out);
    bool read_text(std::string& out);
    bool count_key(int depth);

    ImapScanner& scanner_;
    const ParseContext& context_;
    std::string charset_ = "UTF-8";
    size_t keys_ = 0;
    bool has_modseq_ = false;
};

}  // namespace gatepost::dataplane
