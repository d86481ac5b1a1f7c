#include "dataplane/imap_search/mailbox_scan.h"

#include <span>

#include "dataplane/imap_search/body_windows.h"
#include "dataplane/mail/mime_parser.h"
#include "dataplane/mail/summary_codec.h"

namespace gatepost::dataplane {
namespace {

// Messages that are looked at, and whose summaries are asked for, at once.
constexpr size_t kSliceMax = 1000;

// Gives those whose summaries are not to be had from the index as it is.
std::vector<uint32_t> visit_loaded(const storage::MailboxView& mailbox,
                                   std::span<const uint32_t> uids, SummaryVisitor& visitor) {
    std::vector<uint32_t> others;
    for (uint32_t uid : uids) {
        const storage::MailboxEntry* entry = mailbox.find(uid);
        if (entry == nullptr) continue;
        SummaryView summary(mailbox.summary(*entry));
        if (summary.is_readable())
            visitor.on_summary(*entry, summary);
        else
            others.push_back(uid);
    }
    return others;
}

Task<SearchStatus> visit_unsummarized(const SearchScope& scope, uint32_t uid,
                                      SummaryVisitor& visitor) {
    storage::MailboxEntry entry;
    {
        // While other messages were read, the mailbox may have been evicted.
        const auto mailbox = co_await open_mailbox(scope);
        if (!mailbox) co_return SearchStatus::unreadable;
        const storage::MailboxEntry* current = mailbox->find(uid);
        if (current == nullptr) co_return SearchStatus::ok;
        entry = *current;
    }
    const std::vector<uint8_t> encoded = co_await summarize(scope, entry.location());
    if (encoded.empty()) co_return lost_message(scope, uid);
    SummaryView summary(encoded);
    visitor.on_summary(entry, summary);
    co_return SearchStatus::ok;
}

}  // namespace

std::optional<storage::MailboxView> resident_mailbox(const SearchScope& scope) {
    const auto index = scope.mailboxes.index();
    if (!index) return std::nullopt;
    auto mailbox = index->mailbox(scope.mailbox_id);
    return mailbox && mailbox->has_messages() ? mailbox : std::nullopt;
}

Task<std::optional<storage::MailboxView>> open_mailbox(const SearchScope& scope) {
    auto mailbox = resident_mailbox(scope);
    if (mailbox) co_return mailbox;
    storage::MailboxRequest request = storage::OpenMailbox{scope.mailbox_id};
    const storage::MailboxReply reply = co_await scope.mailboxes.ask(std::move(request));
    if (reply.ok()) mailbox = resident_mailbox(scope);
    co_return mailbox;
}

Task<bool> load_summaries(const SearchScope& scope, const std::vector<uint32_t>& uids) {
    storage::MailboxRequest request =
        storage::LoadSummaries{scope.mailbox_id, uids.front(), uids.back()};
    const storage::MailboxReply reply = co_await scope.mailboxes.ask(std::move(request));
    co_return reply.ok();
}

Task<std::vector<uint8_t>> summarize(const SearchScope& scope, storage::BodyLocation body) {
    std::vector<uint8_t> encoded;
    std::vector<uint8_t> room(std::min<uint64_t>(body.size, BodyWindows::kOctetsMax));
    MimeParser parser(scope.charsets);
    for (uint64_t at = 0; at < body.size;) {
        const uint64_t piece = std::min<uint64_t>(room.size(), body.size - at);
        const int64_t got = co_await read_octets(scope.store, body, at, piece, room.data());
        if (got != static_cast<int64_t>(piece)) co_return encoded;
        parser.feed(Bytes(room.data(), piece));
        at += piece;
    }
    encode_summary(parser.finish(), encoded);
    co_return encoded;
}

std::vector<uint8_t> summarize(Bytes message, const Charsets& charsets) {
    std::vector<uint8_t> encoded;
    MimeParser parser(charsets);
    parser.feed(message);
    encode_summary(parser.finish(), encoded);
    return encoded;
}

Task<SearchStatus> visit_summaries(const SearchScope& scope, const std::vector<uint32_t>& uids,
                                   SummaryVisitor& visitor) {
    WorkMeter meter;
    for (size_t at = 0; at < uids.size(); at += kSliceMax) {
        const size_t count = std::min(kSliceMax, uids.size() - at);
        const auto mailbox = co_await open_mailbox(scope);
        if (!mailbox) co_return SearchStatus::unreadable;
        std::vector<uint32_t> others =
            visit_loaded(*mailbox, std::span(uids).subspan(at, count), visitor);
        if (!others.empty()) {
            co_await load_summaries(scope, others);
            const auto loaded = co_await open_mailbox(scope);
            if (!loaded) co_return SearchStatus::unreadable;
            others = visit_loaded(*loaded, others, visitor);
        }
        for (uint32_t uid : others) {
            const SearchStatus status = co_await visit_unsummarized(scope, uid, visitor);
            if (status != SearchStatus::ok) co_return status;
        }
        if (!meter.spend(count * (WorkMeter::kEntry + WorkMeter::kSummary))) continue;
        const SearchStatus status =
            co_await report_progress(scope, static_cast<uint32_t>(at + count));
        if (status != SearchStatus::ok) co_return status;
        meter.begin_turn();
    }
    co_return SearchStatus::ok;
}

SearchStatus lost_message(const SearchScope& scope, uint32_t uid) {
    const auto mailbox = resident_mailbox(scope);
    return mailbox && mailbox->find(uid) == nullptr ? SearchStatus::ok : SearchStatus::unreadable;
}

Task<SearchStatus> report_progress(const SearchScope& scope, uint32_t done) {
    const bool goes_on = co_await scope.progress.on_progress(done, scope.numbers.size());
    co_return goes_on ? SearchStatus::ok : SearchStatus::ended;
}

}  // namespace gatepost::dataplane
