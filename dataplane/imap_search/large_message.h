// A message that is too large for memory: its header and its texts are read in pieces.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/imap_search/message_text.h"
#include "dataplane/imap_search/search_program.h"
#include "dataplane/imap_search/summary_view.h"
#include "dataplane/imap_search/text_needle.h"
#include "dataplane/mail/charset.h"
#include "dataplane/reactor/task.h"
#include "dataplane/store/message_store.h"

namespace gatepost::dataplane {

class LargeMessage {
  public:
    // References outlive it, and summaries that are given to it what is awaited.
    LargeMessage(MessageStore& store, storage::BodyLocation body, const Charsets& charsets,
                 MatchScratch& scratch);

    // The message's header, as far as it is searched. False: it could not be read.
    Task<bool> read_header(SummaryView& summary);
    std::string_view header() const { return header_; }
    // Looks for all needles in all texts, and in the headers of all parts. False: it could not be
    // read.
    Task<bool> find(SummaryView& summary, const std::vector<TextNeedle>& needles,
                    FoundTexts& found);

  private:
    Task<bool> find_in_header(const PartPiece& part, const std::vector<TextNeedle>& needles,
                              std::vector<bool>& found);
    Task<bool> find_in_body(const PartPiece& part, const std::vector<TextNeedle>& needles,
                            std::vector<bool>& found);

    MessageStore& store_;
    storage::BodyLocation body_;
    const Charsets& charsets_;
    MatchScratch& scratch_;
    std::string header_;
    std::unique_ptr<uint8_t[]> room_;
};

}  // namespace gatepost::dataplane
