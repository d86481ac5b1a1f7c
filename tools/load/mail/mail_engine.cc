#include "tools/load/mail/mail_engine.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace gatepost::tools {

namespace {

constexpr uint64_t kNsPerSecond = 1'000'000'000;
constexpr uint64_t kLateNs = 1'000'000;       // begun later than this: counted
constexpr uint64_t kRestNs = 50'000'000;      // of a session that failed, before it is tried again
constexpr uint64_t kWaitMaxNs = 100'000'000;  // so that a signal is seen soon
constexpr int kEventsMax = 256;
__extension__ using Wide = unsigned __int128;

ErrorCode code_of(SessionFailure failure) {
    switch (failure) {
        case SessionFailure::connect:
        case SessionFailure::lost:
        case SessionFailure::timeout:
            return ErrorCode::unreachable;
        case SessionFailure::login:
            return ErrorCode::permission;
        default:
            return ErrorCode::refused;
    }
}

}  // namespace

MailEngine::MailEngine(const MailEngineOptions& options, const SessionPlan& plan,
                       const RecipientList& recipients, const MessageMaker& maker,
                       MailLedger* ledger, LoadClock& clock)
    : options_(options),
      plan_(plan),
      recipients_(recipients),
      maker_(maker),
      ledger_(ledger),
      clock_(clock) {
    for (uint32_t i = 0; i < options_.sessions; ++i) {
        sessions_.push_back(std::make_unique<MailSession>(plan_, clock_));
        closed_.push_back(options_.sessions - 1 - i);
    }
    users_.resize(options_.sessions);
}

bool MailEngine::sending(uint64_t now_ns) const {
    return now_ns < end_ns_ && !hopeless_ && !stopped_.load(std::memory_order_relaxed) &&
           (options_.messages == 0 || begun_ < options_.messages);
}

// Messages that are to have been begun by now, from the start of the run.
uint64_t MailEngine::due(uint64_t now_ns) const {
    const uint64_t limit = options_.messages == 0 ? UINT64_MAX : options_.messages;
    if (options_.rate == 0) return limit;
    // What is due at the very end is no more begun.
    const uint64_t until_ns = std::min(now_ns, end_ns_ - 1);
    const Wide scaled = static_cast<Wide>(until_ns - start_ns_) * options_.rate;
    return std::min(limit, static_cast<uint64_t>(scaled / kNsPerSecond) + 1);
}

Result<MailStatistics> MailEngine::run() {
    if (Status prepared = prepare(); !prepared) return tl::unexpected(std::move(prepared).error());
    for (;;) {
        const uint64_t now_ns = clock_.now_ns();
        wake(now_ns);
        feed(now_ns);
        if (active_ == 0 && !sending(now_ns)) break;
        if (Status waited = wait(now_ns); !waited) return tl::unexpected(std::move(waited).error());
        if (ledger_ != nullptr)
            if (Status flushed = ledger_->flush(); !flushed)
                return tl::unexpected(std::move(flushed).error());
        tick(clock_.now_ns());
    }
    if (established_ == 0 && total_.total.failed_sessions() + counts_.failed_sessions() > 0)
        return tl::unexpected(std::move(hopeless()).error());
    const uint64_t now_ns = clock_.now_ns();
    total_.total.add(counts_);
    // Those that were due when the time was over, and were waiting for a session.
    if (options_.rate != 0 && !stopped_.load(std::memory_order_relaxed))
        total_.missed = due(now_ns) - std::min(due(now_ns), begun_);
    total_.given_up = hopeless_;
    total_.duration_ns = std::max(last_reply_ns_, start_ns_ + 1) - start_ns_;
    return total_;
}

Status MailEngine::prepare() {
    epoll_ = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll_) return fail(ErrorCode::refused, "epoll: {}", std::strerror(errno));
    start_ns_ = interval_ns_ = last_established_ns_ = clock_.now_ns();
    end_ns_ = options_.duration_ns == 0 ? UINT64_MAX : start_ns_ + options_.duration_ns;
    return {};
}

Status MailEngine::hopeless() const {
    return fail(code_of(last_failure_), "no session with {} comes about: {}", plan_.target.text,
                last_reason_);
}

// Gives messages to sessions, and sessions to messages.
void MailEngine::feed(uint64_t now_ns) {
    const bool open_loop = options_.rate != 0;
    while (!ready_.empty()) {
        const bool more = sending(now_ns);
        if (more && begun_ >= due(now_ns)) break;
        const uint32_t index = ready_.back();
        ready_.pop_back();
        if (more)
            begin(index, now_ns);
        else
            quit(index);
    }
    while (!closed_.empty() && sending(now_ns)) {
        // One that is being made may take a message that is due as well.
        const uint64_t wanted = due(now_ns) - std::min(due(now_ns), begun_);
        if (wanted <= opening_ && (open_loop || options_.messages != 0)) break;
        const uint32_t index = closed_.back();
        closed_.pop_back();
        open(index);
    }
}

void MailEngine::wake(uint64_t now_ns) {
    while (!resting_.empty() && resting_.front().until_ns <= now_ns) {
        closed_.push_back(resting_.front().session);
        resting_.pop_front();
    }
}

void MailEngine::open(uint32_t index) {
    MailSession& session = *sessions_[index];
    users_[index] = static_cast<uint32_t>(connections_++ % options_.users) + 1;
    ++active_;
    ++opening_;
    ++counts_.sessions;
    const std::string user = with_number(options_.user, users_[index]);
    MailSession::State state = session.open(user, options_.password);
    if (state != MailSession::State::closed) {
        epoll_event event{};
        // Told of changes only: what can be read is read to its end, and a socket takes most
        // messages at once.
        event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
        event.data.u32 = index;
        if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, session.socket(), &event) != 0)
            session.give_up(SessionFailure::connect, std::strerror(errno));
    }
    settle(index, MailSession::State::connecting);
}

void MailEngine::begin(uint32_t index, uint64_t now_ns) {
    MailSession& session = *sessions_[index];
    if (session.messages() == 0) --opening_;
    OutgoingMessage message;
    message.number = begun_;
    message.sender = with_number(options_.from, users_[index]);
    const uint64_t first = begun_ * options_.recipients_per_message;
    for (uint32_t i = 0; i < options_.recipients_per_message; ++i)
        message.recipients.emplace_back(recipients_[first + i]);
    message.body = maker_.make(begun_, message.sender, message.recipients[0], message.head);
    uint64_t intended_ns = now_ns;
    if (options_.rate != 0) {
        const Wide scaled = static_cast<Wide>(begun_) * kNsPerSecond;
        intended_ns = start_ns_ + static_cast<uint64_t>(scaled / options_.rate);
        total_.late += now_ns > intended_ns + kLateNs;
    } else if (session.messages() == 0) {
        intended_ns = session.opened_ns();
    }
    ++begun_;
    ++counts_.begun;
    session.send(std::move(message), intended_ns, out_);
    settle(index, MailSession::State::sending);
}

void MailEngine::quit(uint32_t index) {
    MailSession& session = *sessions_[index];
    if (session.messages() == 0) --opening_;
    session.quit(out_);
    settle(index, MailSession::State::quitting);
}

void MailEngine::note_message(MailSession& session) {
    const uint64_t now_ns = clock_.now_ns();
    const MessageOutcome& outcome = session.outcome();
    counts_.add(outcome, options_.message_size);
    last_reply_ns_ = now_ns;
    if (outcome.any(RecipientFate::accepted)) {
        whole_.add(now_ns - session.intended_ns());
        total_.whole.add(now_ns - session.intended_ns());
        total_.final_reply.add(now_ns - std::min(now_ns, session.content_sent_ns()));
    }
    if (ledger_ != nullptr) ledger_->add(maker_.id(outcome.number), outcome);
}

void MailEngine::note_end(uint32_t index, MailSession::State before) {
    const MailSession& session = *sessions_[index];
    --active_;
    if (before == MailSession::State::ready) std::erase(ready_, index);
    if (session.messages() == 0 && before != MailSession::State::quitting) --opening_;
    if (session.failure() == SessionFailure::none) {
        closed_.push_back(index);
        return;
    }
    ++counts_.failures[static_cast<size_t>(session.failure())];
    last_failure_ = session.failure();
    last_reason_ = session.reason();
    const uint64_t now_ns = clock_.now_ns();
    resting_.push_back({index, now_ns + kRestNs});
    // Nothing came of the first attempts, or of any for as long as a reply is waited for.
    const uint64_t failed = total_.total.failed_sessions() + counts_.failed_sessions();
    if (established_ == 0 && failed >= options_.sessions) hopeless_ = true;
    if (now_ns > last_established_ns_ + options_.timeout_ns) hopeless_ = true;
}

// After anything was done with a session, whose state was `before`.
void MailEngine::settle(uint32_t index, MailSession::State before) {
    MailSession& session = *sessions_[index];
    const MailSession::State state = session.state();
    if (session.take_finished()) note_message(session);
    if (state == MailSession::State::closed) return note_end(index, before);
    if (state != MailSession::State::ready || before == MailSession::State::ready) return;
    last_established_ns_ = session.progress_ns();
    if (session.messages() == 0) ++established_;
    if (options_.messages_per_session != 0 && session.messages() >= options_.messages_per_session)
        quit(index);
    else
        ready_.push_back(index);
}

Status MailEngine::wait(uint64_t now_ns) {
    uint64_t ns = kWaitMaxNs;
    const bool waits_for_time =
        options_.rate != 0 && sending(now_ns) && (!ready_.empty() || !closed_.empty());
    if (waits_for_time) {
        // A session on its way will take a message; one that is ready takes the next one.
        const uint64_t next = ready_.empty() ? begun_ + opening_ : begun_;
        const Wide scaled = static_cast<Wide>(next) * kNsPerSecond;
        const uint64_t next_ns =
            start_ns_ + static_cast<uint64_t>((scaled + options_.rate - 1) / options_.rate);
        ns = std::min(ns, next_ns - std::min(next_ns, now_ns));
    }
    if (!resting_.empty()) {
        const uint64_t until_ns = resting_.front().until_ns;
        ns = std::min(ns, until_ns - std::min(until_ns, now_ns));
    }
    const timespec time = {0, static_cast<long>(ns)};
    epoll_event events[kEventsMax];
    const int count = ::epoll_pwait2(epoll_.get(), events, kEventsMax, &time, nullptr);
    if (count < 0 && errno != EINTR)
        return fail(ErrorCode::refused, "epoll: {}", std::strerror(errno));
    for (int i = 0; i < count; ++i) {
        const uint32_t index = events[i].data.u32;
        const MailSession::State before = sessions_[index]->state();
        if (before == MailSession::State::closed) continue;
        sessions_[index]->advance(in_, out_);
        settle(index, before);
    }
    return {};
}

void MailEngine::expire(uint64_t now_ns) {
    for (uint32_t i = 0; i < sessions_.size(); ++i) {
        MailSession& session = *sessions_[i];
        const MailSession::State before = session.state();
        if (before == MailSession::State::closed || before == MailSession::State::ready ||
            now_ns < session.progress_ns() + options_.timeout_ns)
            continue;
        session.give_up(SessionFailure::timeout, "no reply in time");
        settle(i, before);
    }
}

void MailEngine::tick(uint64_t now_ns) {
    if (now_ns < interval_ns_ + kNsPerSecond) return;
    expire(now_ns);
    if (watch) watch({now_ns - start_ns_, counts_, whole_, active_});
    total_.total.add(counts_);
    counts_ = MailCounts();
    whole_.clear();
    interval_ns_ = now_ns;
}

}  // namespace gatepost::tools
