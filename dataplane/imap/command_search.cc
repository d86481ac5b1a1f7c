// SEARCH, SORT, THREAD (RFC 9051 §6.4.4, RFC 5256) with what RETURN asks for.
#include <fmt/format.h>

#include <algorithm>

#include "dataplane/imap/imap_limits.h"
#include "dataplane/imap/imap_session.h"
#include "dataplane/imap/search_answer.h"
#include "dataplane/imap/uid_sets.h"

namespace gatepost::dataplane {

namespace {

using Kind = ImapReply::Kind;

// RFC 9585 §4: a client that hears nothing for longer takes the server for dead.
constexpr uint64_t kProgressMs = 10'000;

ImapReply search_failure(SearchStatus status) {
    if (status == SearchStatus::bad_set)
        return {Kind::bad, "", "There is no message of that number"};
    return {Kind::no, "UNAVAILABLE", "A message cannot be read now"};
}

}  // namespace

void ImapSession::begin_progress() {
    progress_ms_ = stream_.now_ms() + kProgressMs;
}

SearchScope ImapSession::search_scope() {
    begin_progress();
    return {.mailboxes = environment_.mailboxes(),
            .store = environment_.store(),
            .charsets = environment_.charsets(),
            .counters = counters_,
            .mailbox_id = selected_->id(),
            .numbers = selected_->numbers(),
            .saved = selected_->saved(),
            .now_s = environment_.now_us() / 1'000'000,
            .progress = *this};
}

Task<bool> ImapSession::on_progress(uint32_t done, uint32_t all) {
    // The worker's other sessions have their turn; the clock and the client are heard again.
    co_await environment_.pause(0);
    if (ended_ || session_.draining || disconnected_ || stream_.peer_has_ended()) co_return false;
    if (stream_.now_ms() < progress_ms_) co_return true;
    begin_progress();
    if (mailboxes_to_search_ != 0) {
        done = mailboxes_searched_;
        all = mailboxes_to_search_;
    }
    say(fmt::format("* OK [INPROGRESS (\"{}\" {} {})] Still at it\r\n", tag_, done, all));
    co_return co_await push(kImapUnsentMax);
}

// RFC 5182 §2.1: what "$" is from now on.
void ImapSession::save_result(const SearchReturn& returned, const std::vector<uint32_t>& uids) {
    const bool ends_only =
        (returned.min || returned.max) && !returned.all && !returned.count && !returned.partial;
    std::vector<uint32_t> kept;
    if (!ends_only) {
        kept = uids;
    } else if (!uids.empty()) {
        if (returned.min) kept.push_back(uids.front());
        if (returned.max) kept.push_back(uids.back());
    }
    std::ranges::sort(kept);
    storage::UidSet saved;
    for (const uint32_t uid : kept)
        if (!contains_uid(saved, uid)) storage::add_uid(saved, uid);
    selected_->saved() = std::move(saved);
}

// RFC 4731 §3.2: with MIN and MAX alone, of those two messages.
uint64_t ImapSession::modseq_of(const SearchReturn& returned, const SearchResult& result,
                                uint64_t mailbox_id) {
    const bool ends_only = returned.given && (returned.min || returned.max) && !returned.all &&
                           !returned.count && !returned.partial;
    const auto index = environment_.mailboxes().index();
    const auto mailbox = index ? index->mailbox(mailbox_id) : std::nullopt;
    if (!ends_only || result.uids.empty() || !mailbox || !mailbox->has_messages())
        return result.modseq;
    uint64_t modseq = 0;
    const auto* first = mailbox->find(result.uids.front());
    const auto* last = mailbox->find(result.uids.back());
    if (returned.min && first != nullptr) modseq = first->modseq;
    if (returned.max && last != nullptr) modseq = std::max(modseq, last->modseq);
    return modseq;
}

Task<ImapReply> ImapSession::answer_search(const ImapCommand& command, SearchResult result,
                                           const SearchReturn& returned, bool has_modseq) {
    const bool sorted = command.verb == ImapVerb::sort;
    // RFC 5182 §2.1: a search that fails leaves nothing behind.
    if (result.status != SearchStatus::ok) {
        if (returned.save) selected_->saved().clear();
        co_return search_failure(result.status);
    }
    if (returned.save) save_result(returned, result.uids);
    const uint64_t modseq = has_modseq ? modseq_of(returned, result, selected_->id()) : 0;
    if (!command.by_uid)
        for (uint32_t& uid : result.uids) uid = selected_->numbers().number_of(uid);
    const Found found{result.uids, sorted, command.by_uid, modseq};
    std::string out;
    // RFC 9051 §6.4.4: IMAP4rev2 has no other answer.
    if (returned.given || (rev2_ && !sorted))
        append_esearch(out, command.tag, returned, found);
    else
        append_search(out, found);
    const bool said = co_await say_piece(out);
    if (!said) co_return ImapReply{};
    co_return ImapReply{Kind::ok, "", sorted ? "SORT completed" : "SEARCH completed"};
}

Task<ImapReply> ImapSession::search(const ImapCommand& command) {
    const auto& arguments = std::get<SearchArguments>(command.arguments);
    if (arguments.has_modseq) enable_condstore();
    const SearchScope scope = search_scope();
    SearchResult result = co_await search_messages(scope, arguments.key);
    if (result.status == SearchStatus::ended) co_return cut_off();
    co_return co_await answer_search(command, std::move(result), arguments.returned,
                                     arguments.has_modseq);
}

Task<ImapReply> ImapSession::sort(const ImapCommand& command) {
    const auto& arguments = std::get<SortArguments>(command.arguments);
    if (arguments.has_modseq) enable_condstore();
    const SearchScope scope = search_scope();
    SearchResult result = co_await sort_messages(scope, arguments.key, arguments.criteria);
    if (result.status == SearchStatus::ended) co_return cut_off();
    co_return co_await answer_search(command, std::move(result), arguments.returned,
                                     arguments.has_modseq);
}

Task<ImapReply> ImapSession::thread(const ImapCommand& command) {
    const auto& arguments = std::get<ThreadArguments>(command.arguments);
    const SearchScope scope = search_scope();
    const ThreadResult result = co_await thread_messages(scope, arguments.key, arguments.algorithm);
    if (result.status == SearchStatus::ended) co_return cut_off();
    if (result.status != SearchStatus::ok) co_return search_failure(result.status);
    std::vector<uint32_t> numbers;
    numbers.reserve(result.nodes.size());
    for (const ThreadNode& node : result.nodes)
        numbers.push_back(
            command.by_uid || node.uid == 0 ? node.uid : selected_->numbers().number_of(node.uid));
    std::string out;
    append_thread(out, result, numbers);
    const bool said = co_await say_piece(out);
    if (!said) co_return ImapReply{};
    co_return ImapReply{Kind::ok, "", "THREAD completed"};
}

// By on_progress().
ImapReply ImapSession::cut_off() {
    if (!end_if_told_to() && stream_.peer_has_ended()) lost(StreamStatus::end);
    return {Kind::no, "UNAVAILABLE", "The search was cut off"};
}

}  // namespace gatepost::dataplane
