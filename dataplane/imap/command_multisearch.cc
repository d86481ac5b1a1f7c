// ESEARCH (RFC 7377): SEARCH in several mailboxes, one after the other.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "dataplane/imap/imap_limits.h"
#include "dataplane/imap/imap_session.h"
#include "dataplane/imap/mailbox_filter.h"
#include "dataplane/imap/search_answer.h"
#include "dataplane/imap_account/account_commands.h"
#include "dataplane/imap_search/mailbox_scan.h"

namespace gatepost::dataplane {

using Kind = ImapReply::Kind;
using storage::MailboxListing;

namespace {

// What a mailbox costs beside its messages, in nanoseconds: another page of the index.
constexpr uint64_t kMailboxCost = 10'000;
// What searches may take one after the other, waits for bodies and the control plane included.
constexpr uint64_t kTurnMs = 20;

bool has_numbers(const SearchKey& key) {
    return key.kind == SearchKey::Kind::sequence || std::ranges::any_of(key.children, has_numbers);
}

// RFC 7377 §2: numbers beyond the last message are no error, but of no message.
void drop_numbers_beyond(SearchKey& key, uint32_t messages) {
    for (SearchKey& child : key.children) drop_numbers_beyond(child, messages);
    if (key.kind != SearchKey::Kind::sequence) return;
    std::vector<SequenceRange> there;
    for (SequenceRange range : key.set.ranges) {
        // RFC 9051 §9: "*" is the last one, and a range may be written from its end.
        if (range.first == kStar) range.first = messages;
        if (range.last == kStar) range.last = messages;
        if (range.first > range.last) std::swap(range.first, range.last);
        range.last = std::min(range.last, messages);
        if (range.first <= range.last && range.first != 0) there.push_back(range);
    }
    key.set.ranges = std::move(there);
}

bool wants_selected(const MultiSearchArguments& arguments) {
    return arguments.sources.empty() ||
           std::ranges::any_of(arguments.sources, &MailboxFilter::is_selected);
}

}  // namespace

Task<ImapReply> ImapSession::multi_search(const ImapCommand& command) {
    const auto& arguments = std::get<MultiSearchArguments>(command.arguments);
    // RFC 7377 §2.2: the selected mailbox is there to be searched, or it is an error.
    if (wants_selected(arguments) && selected_ == nullptr)
        co_return ImapReply{Kind::bad, "CLIENTBUG", "Select a mailbox first"};
    if (arguments.search.has_modseq) enable_condstore();
    ImapReply opened = co_await open_account(environment_.mailboxes(), account_id_);
    if (opened.kind != Kind::ok) co_return opened;
    std::vector<uint64_t> mailbox_ids;
    if (!find_searched(arguments, mailbox_ids))
        co_return ImapReply{Kind::no, "UNAVAILABLE", "The mailboxes cannot be read now; try again"};
    if (mailbox_ids.size() > kSearchedMailboxesMax)
        co_return ImapReply{Kind::no, "LIMIT", "Those are too many mailboxes for one search"};
    begin_progress();
    mailboxes_to_search_ = static_cast<uint32_t>(mailbox_ids.size());
    mailboxes_searched_ = 0;
    SearchStatus worst = SearchStatus::ok;
    WorkMeter meter;
    uint64_t turn_end_ms = stream_.now_ms() + kTurnMs;
    for (const uint64_t mailbox_id : mailbox_ids) {
        uint64_t cost_ns = kMailboxCost;
        const SearchStatus status = co_await search_in(command, mailbox_id, cost_ns);
        ++mailboxes_searched_;
        if (status != SearchStatus::ok) worst = status;
        if (ended_ || worst == SearchStatus::ended) break;
        // A search in few messages ends before it would give others their turn, or hear the client.
        if (!meter.spend(cost_ns) && stream_.now_ms() < turn_end_ms) continue;
        const bool goes_on = co_await on_progress(0, 0);
        if (!goes_on) worst = SearchStatus::ended;
        if (!goes_on) break;
        meter.begin_turn();
        turn_end_ms = stream_.now_ms() + kTurnMs;
    }
    mailboxes_to_search_ = 0;
    if (ended_) co_return ImapReply{};
    if (worst == SearchStatus::ended) co_return cut_off();
    if (worst != SearchStatus::ok)
        co_return ImapReply{Kind::no, "UNAVAILABLE", "Not everything can be searched now"};
    co_return ImapReply{Kind::ok, "", "ESEARCH completed"};
}

// In the order of their names, each once. Those that may not be read are left out, and so are those
// that may not be looked up unless the client names them (RFC 4314 §4). False: they are not known.
bool ImapSession::find_searched(const MultiSearchArguments& arguments,
                                std::vector<uint64_t>& found) {
    const bool selected = wants_selected(arguments);
    const auto index = environment_.mailboxes().index();
    const auto account = index ? index->account(account_id_) : std::nullopt;
    if (!account) return false;
    for (size_t i = 0; i < account->size(); ++i) {
        const MailboxListing listing = account->at(i);
        const bool named = std::ranges::any_of(arguments.sources, [&](const MailboxFilter& source) {
            return is_meant(source, listing, account_id_) &&
                   (source.kind == MailboxFilter::Kind::mailboxes ||
                    (listing.rights & storage::kRightLookup) != 0);
        });
        const bool wanted = named || (selected && is_selected(listing.mailbox_id));
        if (!wanted || listing.mailbox_id == 0) continue;
        if ((listing.rights & storage::kRightRead) != 0) found.push_back(listing.mailbox_id);
        // Nobody asks for the rest of so many.
        if (found.size() > kSearchedMailboxesMax) break;
    }
    return true;
}

// `cost_ns`: what it has cost is added to it.
Task<SearchStatus> ImapSession::search_in(const ImapCommand& command, uint64_t mailbox_id,
                                          uint64_t& cost_ns) {
    static const storage::UidSet kNothingSaved;
    const auto& search = std::get<MultiSearchArguments>(command.arguments).search;
    const ImapReply listed = co_await open_account(environment_.mailboxes(), account_id_);
    if (listed.kind != Kind::ok) co_return SearchStatus::unreadable;
    std::string correlators = " MAILBOX ";
    {
        const auto index = environment_.mailboxes().index();
        const auto account = index ? index->account(account_id_) : std::nullopt;
        if (!account) co_return SearchStatus::unreadable;
        const auto listing = account->find(mailbox_id);
        // Since the command began it may have been deleted, or be shared no more.
        if (!listing || (listing->rights & storage::kRightRead) == 0) co_return SearchStatus::ok;
        append_mailbox_name(correlators, listing->name, utf8_);
    }
    std::optional<storage::MailboxView> mailbox;
    const ImapReply opened = co_await open_mailbox(mailbox_id, mailbox);
    if (opened.code == "NONEXISTENT") co_return SearchStatus::ok;
    if (opened.kind != Kind::ok) co_return SearchStatus::unreadable;
    const bool selected = is_selected(mailbox_id);
    // Another mailbox than the one that the client has selected: it hears of that at the end.
    if (selected && !selected_->is_of(*mailbox)) co_return SearchStatus::ok;
    fmt::format_to(std::back_inserter(correlators), " UIDVALIDITY {}",
                   mailbox->status().uid_validity);
    const MessageNumbers of_now = selected ? MessageNumbers() : MessageNumbers(*mailbox);
    const SearchScope scope{.mailboxes = environment_.mailboxes(),
                            .store = environment_.store(),
                            .charsets = environment_.charsets(),
                            .counters = counters_,
                            .mailbox_id = mailbox_id,
                            .numbers = selected ? selected_->numbers() : of_now,
                            // RFC 5182 §2.1: "$" is of the selected mailbox.
                            .saved = selected ? std::as_const(selected_->saved()) : kNothingSaved,
                            .now_s = environment_.now_us() / 1'000'000,
                            .progress = *this};
    cost_ns += scope.numbers.size() * (WorkMeter::kEntry + WorkMeter::kSummary);
    std::optional<SearchKey> with_numbers;
    if (has_numbers(search.key)) {
        with_numbers = search.key;
        drop_numbers_beyond(*with_numbers, scope.numbers.size());
    }
    const SearchKey& key = with_numbers ? *with_numbers : search.key;
    const SearchResult result = co_await search_messages(scope, key);
    if (selected && search.returned.save) {
        if (result.status == SearchStatus::ok)
            save_result(search.returned, result.uids);
        else
            selected_->saved().clear();
    }
    if (result.status != SearchStatus::ok || result.uids.empty()) co_return result.status;
    const bool said = co_await say_found(command, correlators, mailbox_id, result);
    co_return said ? SearchStatus::ok : SearchStatus::ended;
}

// RFC 7377 §2.1: UIDs always, as there are no numbers of messages but in the selected mailbox.
Task<bool> ImapSession::say_found(const ImapCommand& command, std::string_view correlators,
                                  uint64_t mailbox_id, const SearchResult& result) {
    const auto& search = std::get<MultiSearchArguments>(command.arguments).search;
    const uint64_t modseq = search.has_modseq ? modseq_of(search.returned, result, mailbox_id) : 0;
    const Found found{
        .numbers = result.uids, .by_uid = true, .modseq = modseq, .correlators = correlators};
    std::string out;
    append_esearch(out, command.tag, search.returned, found);
    co_return co_await say_piece(out);
}

}  // namespace gatepost::dataplane
