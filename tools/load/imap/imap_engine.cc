#include "tools/load/imap/imap_engine.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "tools/load/mail/mail_addresses.h"

namespace gatepost::tools {

namespace {

constexpr uint64_t kNsPerSecond = 1'000'000'000;
constexpr uint64_t kRestNs = 50'000'000;      // of a session that failed, before it is tried again
constexpr uint64_t kWaitMaxNs = 100'000'000;  // so that a signal is seen soon
constexpr uint64_t kFailuresMax = 10;         // in a row, where nothing ever came about
constexpr uint32_t kOpeningMax = 128;         // connections at a time: a crowd is no flood
constexpr int kEventsMax = 256;

ErrorCode code_of(ImapFailure failure) {
    switch (failure) {
        case ImapFailure::connect:
        case ImapFailure::lost:
        case ImapFailure::timeout:
            return ErrorCode::unreachable;
        case ImapFailure::login:
            return ErrorCode::permission;
        default:
            return ErrorCode::refused;
    }
}

// How many of `connections` wait for changes of each mailbox, besides the one that makes them.
std::vector<uint32_t> watchers_of(const ImapEngineOptions& options) {
    std::vector<uint32_t> watchers;
    if (options.operation != ImapOperation::watch) return watchers;
    watchers.resize(options.users);
    for (uint64_t i = options.users; i < options.connections; ++i) ++watchers[i % options.users];
    return watchers;
}

}  // namespace

ImapEngine::ImapEngine(const ImapEngineOptions& options, const ImapPlan& plan,
                       const MessageMaker& maker, LoadClock& clock)
    : options_(options),
      plan_(plan),
      maker_(maker),
      clock_(clock),
      random_(options.seed),
      begun_each_(options.connections),
      mailboxes_(std::min<uint64_t>(options.users, options.connections)),
      changes_(watchers_of(options)) {
    ImapListener& listener = *this;
    for (uint32_t i = 0; i < options_.connections; ++i) {
        sessions_.push_back(std::make_unique<ImapSession>(i, plan_, listener, clock_));
        if (options_.operation != ImapOperation::watch) ++mailboxes_[mailbox_of(i)].sharers;
    }
    if (options_.operation == ImapOperation::watch)
        for (Mailbox& mailbox : mailboxes_) mailbox.sharers = 1;
}

void ImapEngine::change_stage(ImapStage stage) {
    stage_ = stage;
    established_ = false;
    stage_failures_ = 0;
    last_ready_ns_ = clock_.now_ns();
    if (enter) enter(stage);
}

bool ImapEngine::sending(uint64_t now_ns) const {
    return stage_ == ImapStage::measuring && now_ns < end_ns_ && !hopeless_ &&
           !stopped_.load(std::memory_order_relaxed) && exhausted_ < options_.connections &&
           (options_.commands == 0 || total_.begun < options_.commands);
}

Result<ImapStatistics> ImapEngine::run() {
    for (Status (ImapEngine::*stage)() : {&ImapEngine::prepare, &ImapEngine::open_all,
                                          &ImapEngine::measure, &ImapEngine::leave_all})
        if (Status done = (this->*stage)(); !done) return tl::unexpected(std::move(done).error());
    if (options_.writes() && options_.check && !total_.given_up) {
        if (Status read = read_mailboxes(ImapStage::checking); !read)
            return tl::unexpected(std::move(read).error());
        compare();
    }
    return std::move(total_);
}

Status ImapEngine::prepare() {
    epoll_ = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll_) return fail(ErrorCode::refused, "epoll: {}", std::strerror(errno));
    run_ns_ = interval_ns_ = clock_.now_ns();
    if (!options_.writes()) return {};
    if (Status read = read_mailboxes(ImapStage::reading); !read) return read;
    learn();
    return {};
}

Status ImapEngine::hopeless() const {
    return fail(code_of(last_failure_), "no connection with {} comes about: {}", plan_.target.text,
                total_.last_reason);
}

// One session for each mailbox; its messages with their flags are in `seen` afterwards.
Status ImapEngine::read_mailboxes(ImapStage stage) {
    change_stage(stage);
    for (uint32_t i = 0; i < mailboxes_.size(); ++i) {
        mailboxes_[i].read = false;
        closed_.push_back(i);
    }
    const auto whole = [](const Mailbox& mailbox) { return mailbox.read; };
    while (!std::all_of(mailboxes_.begin(), mailboxes_.end(), whole) || live_ > 0) {
        if (Status stepped = step(); !stepped) return stepped;
        if (hopeless_) return hopeless();
        if (stopped_.load(std::memory_order_relaxed) && stage == ImapStage::reading)
            return fail(ErrorCode::refused, "stopped before anything was measured");
    }
    return {};
}

void ImapEngine::learn() {
    for (Mailbox& mailbox : mailboxes_) {
        for (const auto& message : mailbox.seen) mailbox.model.learn(message.uid, message.flags);
        mailbox.model.end_learning();
    }
}

void ImapEngine::compare() {
    for (Mailbox& mailbox : mailboxes_)
        total_.differences.add(mailbox.model.compare(std::move(mailbox.seen)));
    total_.checked = true;
}

Status ImapEngine::open_all() {
    change_stage(ImapStage::opening);
    if (logging_in()) return {};
    for (uint32_t i = 0; i < options_.connections; ++i) closed_.push_back(i);
    while (ready_ < options_.connections) {
        if (Status stepped = step(); !stepped) return stepped;
        if (hopeless_) return hopeless();
        if (stopped_.load(std::memory_order_relaxed))
            return fail(ErrorCode::refused, "stopped with {} of {} connections", ready_,
                        options_.connections);
    }
    return ready_for_use();
}

Status ImapEngine::ready_for_use() const {
    const ImapMix& mix = options_.mix;
    const bool store = mix.has(ImapOperation::store) && options_.writes();
    const bool fetch = options_.mixed() && (mix.has(ImapOperation::fetch_flags) ||
                                            mix.has(ImapOperation::fetch_envelope) ||
                                            mix.has(ImapOperation::fetch_body));
    for (const auto& session : sessions_) {
        const Mailbox& mailbox = mailboxes_[mailbox_of(session->number())];
        const bool few = store && mailbox.model.learnt() < mailbox.sharers;
        if (few || (fetch && session->exists() == 0))
            return fail(ErrorCode::refused,
                        "{} of {} has too few messages; fill it by --op append --commands-each N",
                        plan_.mailbox,
                        with_number(options_.user, mailbox_of(session->number()) + 1));
    }
    return {};
}

Status ImapEngine::measure() {
    change_stage(ImapStage::measuring);
    start_ns_ = last_answer_ns_ = clock_.now_ns();
    end_ns_ = options_.duration_ns == 0 ? UINT64_MAX : start_ns_ + options_.duration_ns;
    for (uint32_t i = 0; i < options_.connections; ++i) {
        sessions_[i]->take_octets();
        if (logging_in()) closed_.push_back(i);
        if (options_.mixed() && !logging_in()) {
            fill(*sessions_[i]);
            push(i);
        }
    }
    for (;;) {
        const uint64_t now_ns = clock_.now_ns();
        if (options_.operation == ImapOperation::watch) change_more(now_ns);
        if (!sending(now_ns) && under_way_ == 0 && (!logging_in() || live_ == 0)) break;
        if (Status stepped = step(); !stepped) return stepped;
    }
    for (const auto& session : sessions_) total_.octets += session->octets();
    if (options_.operation == ImapOperation::idle) {
        last_answer_ns_ = clock_.now_ns();
        total_.idle = ready_;
    }
    total_.duration_ns = std::max(last_answer_ns_, start_ns_ + 1) - start_ns_;
    total_.changes = changes_.changes();
    total_.unseen = changes_.unseen();
    total_.seen = changes_.seen();
    total_.given_up = hopeless_;
    if (logging_in() && total_.answered() == 0 && total_.failed_connections() > 0)
        return hopeless();
    change_stage(ImapStage::measured);
    return {};
}

Status ImapEngine::leave_all() {
    closed_.clear();
    resting_.clear();
    for (uint32_t i = 0; i < options_.connections; ++i)
        if (sessions_[i]->state() == ImapSession::State::ready) leave(i);
    while (live_ > 0)
        if (Status stepped = step(); !stepped) return stepped;
    return {};
}

ImapOpening ImapEngine::opening_of(uint32_t index) const {
    if (reading()) return {.select = true, .learn = true, .idle = false};
    if (options_.operation == ImapOperation::login) return {};
    const bool idle = options_.operation == ImapOperation::idle || watches(index);
    return {.select = idle || !options_.mixed() || options_.mix.selects(),
            .learn = false,
            .idle = idle};
}

void ImapEngine::open_more(uint64_t now_ns) {
    while (!resting_.empty() && resting_.front().until_ns <= now_ns) {
        closed_.push_back(resting_.front().session);
        resting_.pop_front();
    }
    while (!closed_.empty() && opening_ < (logging_in() ? options_.connections : kOpeningMax)) {
        if (stage_ == ImapStage::measured) return;
        if (stage_ == ImapStage::measuring && !sending(now_ns)) return;
        const uint32_t index = closed_.front();
        closed_.pop_front();
        if (!logging_in() || count_begun(index)) open(index);
    }
}

void ImapEngine::open(uint32_t index) {
    ImapSession& session = *sessions_[index];
    const uint64_t user = logging_in() ? logins_++ % options_.users : mailbox_of(index);
    ++live_;
    ++opening_;
    ++total_.connections;
    if (reading()) mailboxes_[index].seen.clear();
    session.open(with_number(options_.user, user + 1), opening_of(index));
    if (session.state() != ImapSession::State::closed) {
        epoll_event event{};
        // Told of changes only: what can be read is read to its end.
        event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
        event.data.u32 = index;
        if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, session.socket(), &event) != 0)
            session.end(ImapFailure::connect, std::strerror(errno));
    }
    settle(index, ImapSession::State::opening);
}

// Sends what there is to be sent.
void ImapEngine::push(uint32_t index) {
    const ImapSession::State before = sessions_[index]->state();
    if (before == ImapSession::State::closed) return;
    if (sessions_[index]->flush(out_) == ImapSession::State::closed) note_end(index, before);
}

void ImapEngine::leave(uint32_t index) {
    --ready_;
    sessions_[index]->leave();
    push(index);
}

void ImapEngine::note_ready(uint32_t index) {
    --opening_;
    ++ready_;
    established_ = true;
    last_ready_ns_ = clock_.now_ns();
    // One that was lost and came back when the time was over has nothing to do.
    if (reading() || logging_in() || stage_ == ImapStage::measured) {
        if (reading()) mailboxes_[index].read = true;
        return leave(index);
    }
    if (stage_ != ImapStage::measuring || !options_.mixed()) return;
    fill(*sessions_[index]);
    push(index);
}

// A connection that ended as it should.
void ImapEngine::note_left(uint32_t index) {
    if (!logging_in() || stage_ != ImapStage::measuring) return;
    last_answer_ns_ = clock_.now_ns();
    const uint64_t took_ns = last_answer_ns_ - sessions_[index]->opened_ns();
    total_.operations[static_cast<size_t>(ImapOperation::login)].latency.add(took_ns);
    interval_.latency.add(took_ns);
    closed_.push_back(index);
}

void ImapEngine::note_end(uint32_t index, ImapSession::State before) {
    const ImapSession& session = *sessions_[index];
    --live_;
    if (before == ImapSession::State::opening) --opening_;
    if (before == ImapSession::State::ready) --ready_;
    forget(session);
    if (session.failure() == ImapFailure::none) return note_left(index);
    ++total_.failures[static_cast<size_t>(session.failure())];
    ++interval_.failed;
    last_failure_ = session.failure();
    total_.last_reason = session.reason();
    const uint64_t now_ns = clock_.now_ns();
    if (reading() && mailboxes_[index].read) return;
    if (stage_ != ImapStage::measured) resting_.push_back({index, now_ns + kRestNs});
    // Nothing came of the first attempts, or of any for as long as a response is waited for.
    if (++stage_failures_ >= kFailuresMax && !established_) hopeless_ = true;
    if (now_ns > last_ready_ns_ + options_.timeout_ns && ready_ == 0) hopeless_ = true;
}

// After anything was done with a session, whose state was `before`.
void ImapEngine::settle(uint32_t index, ImapSession::State before) {
    const ImapSession::State state = sessions_[index]->state();
    if (state == before) return;
    if (state == ImapSession::State::closed) return note_end(index, before);
    if (state == ImapSession::State::ready) note_ready(index);
}

Status ImapEngine::step() {
    const uint64_t now_ns = clock_.now_ns();
    open_more(now_ns);
    if (Status waited = wait(now_ns); !waited) return waited;
    tick(clock_.now_ns());
    return {};
}

Status ImapEngine::wait(uint64_t now_ns) {
    uint64_t ns = kWaitMaxNs;
    if (!resting_.empty()) {
        const uint64_t until_ns = resting_.front().until_ns;
        ns = std::min(ns, until_ns - std::min(until_ns, now_ns));
    }
    if (stage_ == ImapStage::measuring && end_ns_ > now_ns) ns = std::min(ns, end_ns_ - now_ns);
    const timespec time = {0, static_cast<long>(ns)};
    epoll_event events[kEventsMax];
    const int count = ::epoll_pwait2(epoll_.get(), events, kEventsMax, &time, nullptr);
    if (count < 0 && errno != EINTR)
        return fail(ErrorCode::refused, "epoll: {}", std::strerror(errno));
    for (int i = 0; i < count; ++i) {
        const uint32_t index = events[i].data.u32;
        const ImapSession::State before = sessions_[index]->state();
        if (before == ImapSession::State::closed) continue;
        sessions_[index]->advance(in_, out_);
        settle(index, before);
    }
    return {};
}

void ImapEngine::expire(uint64_t now_ns) {
    for (uint32_t i = 0; i < sessions_.size(); ++i) {
        ImapSession& session = *sessions_[i];
        const ImapSession::State before = session.state();
        if (before == ImapSession::State::closed) continue;
        uint64_t since_ns = session.progress_ns();
        if (before == ImapSession::State::ready) {
            if (session.under_way().empty()) continue;
            since_ns = std::max(since_ns, session.under_way().front().begun_ns);
        }
        if (now_ns < since_ns + options_.timeout_ns) continue;
        session.end(ImapFailure::timeout, "no response in time");
        settle(i, before);
    }
}

void ImapEngine::tick(uint64_t now_ns) {
    if (now_ns < interval_ns_ + kNsPerSecond) return;
    expire(now_ns);
    interval_.end_ns = now_ns - run_ns_;
    interval_.ready = ready_;
    if (watch) watch(interval_);
    interval_ = ImapInterval();
    interval_ns_ = now_ns;
}

}  // namespace gatepost::tools
