// A SEARCH made ready: keys in the order of what they cost, and told by as little as will do.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/imap_search/header_match.h"
#include "dataplane/imap_search/message_text.h"
#include "dataplane/imap_search/summary_view.h"
#include "dataplane/imap_search/text_needle.h"
#include "dataplane/imap_syntax/search_key.h"
#include "dataplane/imap_view/message_numbers.h"
#include "dataplane/mail/charset.h"
#include "storage/mailbox_index/mailbox_view.h"

namespace gatepost::dataplane {

// `unknown`: it takes more than was given.
enum class Verdict : uint8_t { no, yes, unknown };

// What a key is told by, the cheapest first.
enum class SearchCost : uint8_t { index, summary, header, body };

// A body that does not lie whole in memory: what was found as it was read. By number of the text.
struct FoundTexts {
    std::vector<bool> in_body;
    std::vector<bool> in_header;
};

// What is at hand of a message; nullptr: it is not at hand.
struct SearchedMessage {
    const storage::MailboxEntry& entry;
    SummaryView* summary = nullptr;
    // Its header lies in memory; with `is_whole` all of it does.
    MessageText* text = nullptr;
    bool is_whole = false;
    const FoundTexts* found = nullptr;  // for a message too large for that
    // What the verdict `unknown` lacks.
    SearchCost lacks = SearchCost::index;
};

class SearchProgram {
  public:
    // `bad`: a set of numbers has one beyond the last message. `charsets` outlives the program.
    SearchProgram(const SearchKey& key, const MessageNumbers& numbers, const storage::UidSet& saved,
                  int64_t now_s, const Charsets& charsets, bool& bad);

    // The messages that may be found by their numbers alone; the others need not be looked at.
    const storage::UidSet& candidates() const { return candidates_; }
    SearchCost cost() const { return nodes_[root_].cost; }

    // Looks keywords up. Before evaluate(), whenever the mailbox has been taken out of the index.
    void bind(const storage::MailboxView& mailbox);
    // Says as much as can be said of what is at hand.
    Verdict evaluate(SearchedMessage& message) const { return evaluate(nodes_[root_], message); }

    // Texts of BODY and TEXT.
    const std::vector<TextNeedle>& texts() const { return texts_; }
    MatchScratch& scratch() const { return scratch_; }

  private:
    enum class Op : uint8_t {
        constant,  // `low` != 0
        all_of,
        any_of,
        none_of,
        flags,     // those of `set` are set, those of `clear` are not
        keywords,  // one of `set`, which comes with bind(), is set
        uids,      // `index` of sets_
        // A number between `low` and `high`, both included.
        size,
        modseq,
        internal_date,  // seconds since 1970
        save_date,
        sent_day,  // days since 1970, as the Date field has it
        blob,      // `index` of blobs_
        envelope,  // `member` has `index` of needles_
        field,     // `index` of fields_
        body,      // `index` of texts_
        text,
    };
    struct Node {
        Op op = Op::constant;
        SearchCost cost = SearchCost::index;
        EnvelopeMember member = EnvelopeMember::end;
        uint32_t index = 0;
        int64_t low = 0;
        int64_t high = 0;
        uint64_t set = 0;
        uint64_t clear = 0;
        std::vector<uint32_t> children = {};  // of nodes_
    };
    struct Field {
        std::string name;
        uint32_t name_hash = 0;
        TextNeedle needle;
    };
    struct Keyword {
        std::string name;
        uint32_t node = 0;
    };

    uint32_t add(Node node);
    uint32_t compile(const SearchKey& key, bool& bad);
    uint32_t compile_list(const SearchKey& key, Op op, bool& bad);
    uint32_t compile_not(const SearchKey& key, bool& bad);
    uint32_t compile_field(const SearchKey& key);
    uint32_t compile_dates(const SearchKey& key);
    uint32_t constant(bool value);
    uint32_t range(Op op, int64_t low, int64_t high);
    void narrow_candidates();

    Verdict evaluate(const Node& node, SearchedMessage& message) const;
    Verdict evaluate_list(const Node& node, SearchedMessage& message) const;
    Verdict evaluate_summary(const Node& node, SearchedMessage& message) const;
    Verdict evaluate_field(const Node& node, SearchedMessage& message) const;
    Verdict evaluate_text(const Node& node, SearchedMessage& message) const;

    const MessageNumbers& numbers_;
    const storage::UidSet& saved_;
    int64_t now_s_;
    const Charsets& charsets_;
    std::vector<Node> nodes_;
    uint32_t root_ = 0;
    std::vector<storage::UidSet> sets_;
    std::vector<std::string> blobs_;
    std::vector<TextNeedle> needles_;
    std::vector<Field> fields_;
    std::vector<TextNeedle> texts_;
    std::vector<Keyword> keywords_;
    storage::UidSet candidates_;
    mutable MatchScratch scratch_;
};

// Whether a set has that UID. O(log n).
bool contains(const storage::UidSet& set, uint32_t uid);
// Of the UIDs of both. O(n).
storage::UidSet intersection(const storage::UidSet& a, const storage::UidSet& b);

}  // namespace gatepost::dataplane
