#include "dataplane/imap_search/search_run.h"

#include <algorithm>

#include "dataplane/imap_search/large_message.h"

namespace gatepost::dataplane {
namespace {

// Messages whose summaries are asked for at once.
constexpr size_t kSummariesAskedMax = 1000;

std::string_view as_text(Bytes octets) {
    return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

}  // namespace

SearchRun::SearchRun(const SearchScope& scope, SearchProgram& program)
    : scope_(scope), program_(program), text_(scope.charsets, program.scratch()) {}

Task<SearchResult> SearchRun::run() {
    SearchStatus status = co_await look_at_index();
    const bool has_read = !wanted_.empty();
    if (status == SearchStatus::ok && has_read) status = co_await look_at_bodies();
    result_.status = status;
    if (status != SearchStatus::ok) {
        result_.uids.clear();
        result_.modseq = 0;
    }
    std::ranges::sort(result_.uids);
    co_return std::move(result_);
}

void SearchRun::found(const storage::MailboxEntry& entry) {
    result_.uids.push_back(entry.uid);
    result_.modseq = std::max(result_.modseq, entry.modseq);
}

void SearchRun::want(const storage::MailboxEntry& entry, uint64_t octets) {
    wanted_.push_back({entry.uid, entry.segment, entry.offset, octets});
}

Task<SearchStatus> SearchRun::look_at_index() {
    uint64_t from = 0;
    while (from != kNoMoreUids) {
        const auto mailbox = co_await open_mailbox(scope_);
        if (!mailbox) co_return SearchStatus::unreadable;
        from = look_at_slice(*mailbox, from);
        if (!to_load_.empty()) {
            const SearchStatus status = co_await look_at_summaries();
            if (status != SearchStatus::ok) co_return status;
        }
        if (from == kNoMoreUids) break;
        if (!meter_.spend(0)) continue;
        const SearchStatus status = co_await report_progress(scope_, decided_);
        if (status != SearchStatus::ok) co_return status;
        meter_.begin_turn();
    }
    co_return SearchStatus::ok;
}

// As many messages as one turn has; gives the UID to go on from.
uint64_t SearchRun::look_at_slice(const storage::MailboxView& mailbox, uint64_t from) {
    program_.bind(mailbox);
    const uint64_t ns = program_.cost() == SearchCost::index
                            ? WorkMeter::kEntry
                            : WorkMeter::kEntry + WorkMeter::kSummary;
    return visit_messages(mailbox, program_.candidates(), from, [&](const auto& entry) {
        look_at(mailbox, entry);
        return !meter_.spend(ns) && to_load_.size() < kSummariesAskedMax;
    });
}

void SearchRun::look_at(const storage::MailboxView& mailbox, const storage::MailboxEntry& entry) {
    SearchedMessage message{entry};
    const bool needs_more = program_.cost() != SearchCost::index;
    const Bytes encoded = needs_more ? mailbox.summary(entry) : Bytes();
    if (encoded.empty()) {
        const Verdict verdict = program_.evaluate(message);
        if (verdict == Verdict::yes) found(entry);
        if (verdict != Verdict::unknown) {
            ++decided_;
        } else if (entry.has_summary_to_load() && may_load_) {
            to_load_.push_back(entry.uid);
        } else {
            want(entry, entry.size);
        }
        return;
    }
    SummaryView summary(encoded);
    message.summary = &summary;
    const Verdict verdict = program_.evaluate(message);
    if (!summary.ok()) return want(entry, entry.size);
    if (verdict == Verdict::unknown) {
        const bool header_alone = message.lacks == SearchCost::header;
        return want(entry, header_alone ? header_octets_searched(summary.header_size())
                                        : uint64_t{entry.size});
    }
    if (verdict == Verdict::yes) found(entry);
    ++decided_;
}

// A summary that does not come, whatever the reason, is made of the message.
Task<SearchStatus> SearchRun::look_at_summaries() {
    const std::vector<uint32_t> uids = std::exchange(to_load_, {});
    const bool is_loaded = co_await load_summaries(scope_, uids);
    const auto mailbox = co_await open_mailbox(scope_);
    if (!mailbox) co_return SearchStatus::unreadable;
    may_load_ = false;
    program_.bind(*mailbox);
    for (uint32_t uid : uids) {
        const storage::MailboxEntry* entry = mailbox->find(uid);
        if (entry != nullptr) look_at(*mailbox, *entry);
        meter_.spend(WorkMeter::kEntry + WorkMeter::kSummary);
    }
    // Where nobody answers, the others are not asked for either.
    may_load_ = is_loaded;
    co_return SearchStatus::ok;
}

Task<SearchStatus> SearchRun::look_at_bodies() {
    BodyWindows windows(scope_.store, std::move(wanted_));
    for (;;) {
        const bool is_read = co_await windows.next();
        if (!is_read) break;
        const auto mailbox = co_await open_mailbox(scope_);
        if (!mailbox) co_return SearchStatus::unreadable;
        const uint64_t octets = look_at_window(*mailbox, windows);
        // Each text that is looked for goes through all of them.
        meter_.spend(octets * WorkMeter::kOctet * std::max<size_t>(1, program_.texts().size()));
        const std::vector<uint32_t> apart = std::exchange(apart_, {});
        for (uint32_t uid : apart) {
            const SearchStatus status = co_await look_into_large(uid);
            if (status != SearchStatus::ok) co_return status;
        }
        if (!meter_.spend(0)) continue;
        const SearchStatus status = co_await report_progress(scope_, decided_);
        if (status != SearchStatus::ok) co_return status;
        meter_.begin_turn();
    }
    co_return SearchStatus::ok;
}

// Gives the octets that it looked at.
uint64_t SearchRun::look_at_window(const storage::MailboxView& mailbox,
                                   const BodyWindows& windows) {
    program_.bind(mailbox);
    uint64_t octets = 0;
    for (size_t i = 0; i < windows.size(); ++i) {
        const WantedOctets& wanted = windows.wanted(i);
        // A message that has gone meanwhile is not found.
        const storage::MailboxEntry* entry = mailbox.find(wanted.uid);
        if (entry == nullptr) continue;
        octets += wanted.size;
        ++scope_.counters.searched;
        const Bytes body = windows.octets(i);
        const bool is_complete = body.size() == wanted.size;
        if (!is_complete || !look_into(mailbox, *entry, body)) apart_.push_back(wanted.uid);
    }
    return octets;
}

// False: the octets do not tell; the message is to be read on its own.
bool SearchRun::look_into(const storage::MailboxView& mailbox, const storage::MailboxEntry& entry,
                          Bytes octets) {
    std::vector<uint8_t> made;
    Bytes encoded = mailbox.summary(entry);
    SearchedMessage message{.entry = entry, .is_whole = octets.size() == entry.size};
    const bool is_damaged = !SummaryView(encoded).is_readable();
    if (is_damaged) {
        if (!message.is_whole) return false;
        made = summarize(octets, scope_.charsets);
        encoded = made;
    }
    SummaryView summary(encoded);
    text_.set(as_text(octets), summary);
    message.summary = &summary;
    message.text = &text_;
    const Verdict verdict = program_.evaluate(message);
    if (verdict == Verdict::unknown) return false;
    if (verdict == Verdict::yes) found(entry);
    ++decided_;
    return true;
}

Task<SearchStatus> SearchRun::look_into_large(uint32_t uid) {
    std::vector<uint8_t> encoded;
    storage::MailboxEntry entry;
    {
        const auto mailbox = co_await open_mailbox(scope_);
        if (!mailbox) co_return SearchStatus::unreadable;
        const storage::MailboxEntry* current = mailbox->find(uid);
        if (current == nullptr) co_return SearchStatus::ok;
        entry = *current;
        const Bytes summary = mailbox->summary(entry);
        encoded.assign(summary.begin(), summary.end());
    }
    if (!SummaryView(encoded).is_readable()) {
        encoded = co_await summarize(scope_, entry.location());
        if (encoded.empty()) co_return lost_message(scope_, uid);
    }
    const SearchStatus status = co_await read_large(entry, encoded);
    co_return status;
}

Task<SearchStatus> SearchRun::read_large(const storage::MailboxEntry& entry,
                                         const std::vector<uint8_t>& encoded) {
    SummaryView summary(encoded);
    LargeMessage large(scope_.store, entry.location(), scope_.charsets, program_.scratch());
    const bool has_header = co_await large.read_header(summary);
    if (!has_header) co_return lost_message(scope_, entry.uid);
    text_.set(large.header(), summary);
    SearchedMessage message{.entry = entry, .summary = &summary, .text = &text_};
    Verdict verdict = program_.evaluate(message);
    FoundTexts texts;
    if (verdict == Verdict::unknown) {
        const bool is_read = co_await large.find(summary, program_.texts(), texts);
        if (!is_read) co_return lost_message(scope_, entry.uid);
        message.found = &texts;
        verdict = program_.evaluate(message);
    }
    meter_.spend(entry.size * WorkMeter::kOctet);
    if (verdict == Verdict::yes) found(entry);
    ++decided_;
    co_return SearchStatus::ok;
}

Task<SearchResult> search_messages(const SearchScope& scope, const SearchKey& key) {
    bool is_bad = false;
    SearchProgram program(key, scope.numbers, scope.saved, scope.now_s, scope.charsets, is_bad);
    if (is_bad) {
        SearchResult bad;
        bad.status = SearchStatus::bad_set;
        co_return bad;
    }
    SearchRun run(scope, program);
    SearchResult result = co_await run.run();
    co_return result;
}

}  // namespace gatepost::dataplane
