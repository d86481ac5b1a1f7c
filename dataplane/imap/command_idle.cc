// IDLE (RFC 2177, RFC 9051 §6.3.13).
#include <algorithm>
#include <cstring>

#include "dataplane/imap/imap_limits.h"
#include "dataplane/imap/imap_session.h"

namespace gatepost::dataplane {

namespace {

// "DONE" and its line's end; whoever sends more in its place does something else.
constexpr size_t kDoneMax = 64;

}  // namespace

Task<ImapReply> ImapSession::idle() {
    if (!say("+ idling\r\n")) co_return ImapReply{};
    storage::count(counters_.idling);
    idling_ = true;
    const bool done = co_await idle_until_done();
    idling_ = false;
    counters_.idling.store(counters_.idling.load(std::memory_order_relaxed) - 1,
                           std::memory_order_relaxed);
    if (ended_) co_return ImapReply{};
    if (!done) co_return ImapReply{ImapReply::Kind::bad, "", "DONE ends IDLE"};
    co_return ImapReply{ImapReply::Kind::ok, "", "IDLE completed"};
}

// False: a line came that is not DONE, or the session is over.
Task<bool> ImapSession::idle_until_done() {
    // What has changed since the last command was told at its end, or is told now.
    changed_ = true;
    uint64_t still_here_ms = stream_.now_ms() + kImapStillHereMs;
    const uint64_t end_ms = stream_.now_ms() + options_.idle_ms;
    for (;;) {
        if (ended_ || end_if_told_to()) co_return false;
        const Bytes input = stream_.input();
        const size_t looked_at = std::min(input.size(), kDoneMax);
        const void* lf = input.empty() ? nullptr : std::memchr(input.data(), '\n', looked_at);
        if (lf != nullptr) break;
        if (looked_at == kDoneMax) {
            part("[CLIENTBUG] DONE ends IDLE", storage::StreamEnd::protocol);
            co_return false;
        }
        news_ = false;
        const bool told = co_await tell_while_idle();
        if (!told) co_return false;
        if (news_) continue;  // meanwhile
        const StreamStatus status = co_await wait_for_input(std::min(still_here_ms, end_ms));
        const uint64_t now_ms = stream_.now_ms();
        if (status == StreamStatus::timeout && now_ms >= end_ms) {
            timed_out();
            co_return false;
        }
        if (status == StreamStatus::timeout && now_ms >= still_here_ms) {
            // NAT and firewalls forget a connection on which nothing is said.
            if (!say("* OK Still here\r\n")) co_return false;
            still_here_ms = now_ms + kImapStillHereMs;
            continue;
        }
        if (status == StreamStatus::ok || status == StreamStatus::woken ||
            status == StreamStatus::timeout)
            continue;
        lost(status);
        co_return false;
    }
    const Bytes input = stream_.input();
    const auto* end = static_cast<const uint8_t*>(std::memchr(input.data(), '\n', input.size()));
    const auto length = static_cast<size_t>(end - input.data()) + 1;
    std::string word(reinterpret_cast<const char*>(input.data()), length - 1);
    if (word.ends_with('\r')) word.pop_back();
    stream_.consume(length);
    co_return word.size() == 4 && strncasecmp(word.data(), "DONE", 4) == 0;
}

Task<bool> ImapSession::tell_while_idle() {
    if (changed_ && selected_ != nullptr) {
        const bool told = co_await tell_changes(true);
        if (!told) co_return false;
    }
    if (notify_ != nullptr) {
        const bool told = co_await tell_notifications(true);
        if (!told) co_return false;
    }
    co_return co_await push(kImapUnsentMax);
}

}  // namespace gatepost::dataplane
