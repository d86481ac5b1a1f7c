#include "controlplane/mailboxes/mailbox_service_thread.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "controlplane/log/event_log.h"

namespace gatepost::controlplane {

namespace {

using std::chrono::milliseconds;
using namespace gatepost::storage;

constexpr std::chrono::seconds kWaitMax{60};
// Memory that waits for readers, who move on within a turn of their loop.
constexpr milliseconds kReclaimTime{20};
// A COPY of very many messages is one statement. Its worker gives up after 120 s, of which it may
// have waited for 30 s; the server has a little longer to say that it has ended it.
constexpr std::chrono::seconds kBulkTimeMax{70};
constexpr std::chrono::seconds kBulkAnswerMax{85};
constexpr int64_t kSecondNs = 1'000'000'000;

// Whatever is set for others: a commit means that it is on the database's disk; and the plans do
// not depend on statistics, nested loops over indexes whatever the sizes of tables were.
constexpr std::string_view kBegin =
    "SELECT set_config('synchronous_commit', 'on', false) "
    "WHERE current_setting('synchronous_commit') = 'off'; "
    "SET statement_timeout = '30s'; SET enable_seqscan = off; SET enable_hashjoin = off; "
    "SET enable_mergejoin = off; SET jit = off; SET plan_cache_mode = force_generic_plan; ";
// What the statements of one transaction see is one state.
constexpr std::string_view kReadOnly =
    "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
// A mailbox comes in the order of its primary key, from the first row on: nothing is gathered, and
// then sorted, before one is sent.
constexpr std::string_view kInOrder =
    "; SET enable_bitmapscan = off; SET enable_sort = off; SET max_parallel_workers_per_gather = 0";

Answer away() {
    return {MailboxOutcome::unavailable, "the database cannot be reached; try again later"};
}

MailboxStatus status_of(const MailboxRow& row) {
    MailboxStatus status;
    status.mailbox_id = static_cast<uint64_t>(row.id);
    status.account_id = static_cast<uint64_t>(row.account_id);
    status.uid_validity = static_cast<uint32_t>(row.uid_validity);
    status.uid_next = static_cast<uint64_t>(row.uid_next);
    status.highest_modseq = static_cast<uint64_t>(row.highest_modseq);
    status.messages = static_cast<uint64_t>(row.messages);
    status.unseen = static_cast<uint64_t>(row.unseen);
    status.deleted = static_cast<uint64_t>(row.deleted);
    status.octets = static_cast<uint64_t>(row.octets);
    return status;
}

uint64_t generation_now() {
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                     std::chrono::system_clock::now().time_since_epoch())
                                     .count());
}

}  // namespace

DatabaseLinkOptions MailboxServiceThread::link_options(const char* name, const std::string& begin,
                                                       std::chrono::seconds answer_max) {
    return {service_.options_.dsn, name, std::string(kBegin) + begin, context_.agreement,
            answer_max};
}

MailboxServiceThread::MailboxServiceThread(MailboxService& service)
    : service_(service),
      lister_(context_, reads_,
              [this](std::span<const MailboxStatus> statuses) {
                  for (const MailboxStatus& status : statuses) loader_.take_status(status);
              }),
      loader_(context_, reads_, loads_),
      writes_(context_, changes_, bulk_, loader_, lister_, service.options_.edge),
      changes_(
          link_options("gatepost mailbox changes",
                       fmt::format("SET lock_timeout = {}", service.options_.lock_wait.count())),
          [this](bool connected, const std::string& error) {
              context_.post([this, connected, error] { database_changed(connected, error); });
          }),
      bulk_(link_options("gatepost mailbox bulk changes",
                         fmt::format("SET lock_timeout = {}; SET statement_timeout = '{}s'",
                                     service.options_.lock_wait.count(), kBulkTimeMax.count()),
                         kBulkAnswerMax),
            [this](bool, const std::string&) { context_.post([this] { follow(); }); }),
      reads_(link_options("gatepost mailbox reads", std::string(kReadOnly)),
             [this](bool connected, const std::string&) {
                 if (connected) context_.post([this] { compare_all(); });
             }),
      loads_(link_options("gatepost mailbox loads", fmt::format("{}{}", kReadOnly, kInOrder)),
             [this](bool, const std::string&) { context_.post([this] { follow(); }); }) {
    context_.post = [this](std::function<void()> call) {
        service_.post([call = std::move(call)](MailboxServiceThread&) { call(); });
    };
    writes_.on_finished([this] {
        for (const MailboxNotice& notice : std::exchange(deferred_, {})) take_notice(notice);
    });
}

Status MailboxServiceThread::start() {
    for (DatabaseLink* link : {&changes_, &bulk_, &reads_, &loads_})
        if (Status ok = link->start(); !ok) return ok;
    return {};
}

void MailboxServiceThread::run() {
    report();
    while (!service_.stop_) {
        wait();
        take_calls();
        receive();
        if (context_.arena) {
            writes_.pump();
            lister_.pump();
            loader_.pump();
            context_.arena->reclaim();
        }
        context_.workers.flush();
        context_.workers.forget_closed();
        questions_.look_after(context_.workers, Clock::now());
        report();
    }
    for (DatabaseLink* link : {&changes_, &bulk_, &reads_, &loads_}) link->request_stop();
}

std::chrono::nanoseconds MailboxServiceThread::wait_time() const {
    const Clock::time_point now = Clock::now();
    Clock::time_point until = now + kWaitMax;
    if (const auto due = questions_.deadline()) until = std::min(until, *due);
    if (context_.arena && context_.arena->writer().stats().retired_bytes != 0)
        until = std::min(until, now + kReclaimTime);
    for (const auto& due : {lister_.due(), loader_.due(), writes_.due()})
        if (context_.arena && due) until = std::min(until, *due);
    return std::max<std::chrono::nanoseconds>(until - now, std::chrono::nanoseconds::zero());
}

void MailboxServiceThread::wait() {
    polls_.clear();
    polls_.push_back({service_.wake_.get(), POLLIN, 0});
    context_.workers.add_polls(polls_, has_room());
    const auto left = std::chrono::nanoseconds(wait_time()).count();
    const timespec time = {static_cast<time_t>(left / kSecondNs),
                           static_cast<long>(left % kSecondNs)};
    if (::ppoll(polls_.data(), polls_.size(), &time, nullptr) <= 0) return;
    uint64_t count;
    if (polls_[0].revents != 0) (void)!::read(service_.wake_.get(), &count, sizeof count);
    // Nothing is read of a peer that has gone while there is no room, and poll() would not wait.
    if (has_room()) return;
    auto entry = polls_.begin() + 1;
    for (auto& [id, peer] : context_.workers.peers())
        if (((entry++)->revents & (POLLHUP | POLLERR)) != 0) peer.close("the worker is gone");
}

void MailboxServiceThread::take_calls() {
    std::vector<MailboxService::Call> calls;
    {
        const std::lock_guard lock(service_.mutex_);
        calls.swap(service_.calls_);
    }
    for (const MailboxService::Call& call : calls) call(*this);
}

void MailboxServiceThread::receive() {
    for (auto& [id, peer] : context_.workers.peers()) {
        for (bool more = has_room(); more && has_room();) {
            more = peer.receive();
            while (const auto frame = peer.next()) take_frame(id, peer, *frame);
        }
    }
}

void MailboxServiceThread::take_frame(uint64_t id, CommitPeer& peer, const Frame& frame) {
    if (frame.verb == FrameVerb::mailbox_request) return take_request(id, frame.payload);
    if (frame.verb == FrameVerb::mailbox_note) {
        auto note = decode_mailbox_note(frame.payload);
        if (note)
            questions_.take(id, std::move(*note));
        else
            ++malformed_;
        return;
    }
    ++malformed_;
    peer.close("it sent what only the service sends");
}

void MailboxServiceThread::take_request(uint64_t peer, Bytes payload) {
    auto request = decode_mailbox_request(payload);
    if (request) {
        ++requests_;
        return serve(peer, request->sequence, std::move(request->request));
    }
    ++malformed_;
    log_error("mailboxes.malformed_request").field("error", request.error().message);
    const uint64_t sequence = payload.size() >= 8 ? load_be64(payload.data()) : 0;
    reply(peer, sequence, {MailboxOutcome::cannot, request.error().message});
}

void MailboxServiceThread::reply(uint64_t peer, uint64_t sequence, const Answer& answer) {
    MailboxReply reply;
    reply.sequence = sequence;
    reply.outcome = answer.outcome;
    reply.text = answer.text;
    context_.workers.reply(peer, reply);
}

void MailboxServiceThread::serve(uint64_t peer, uint64_t sequence, MailboxRequest request) {
    if (!context_.arena) {
        ++unavailable_;
        return reply(peer, sequence, away());
    }
    const Done done = [this, peer, sequence](const Answer& answer) {
        reply(peer, sequence, answer);
    };
    if (const auto* account = std::get_if<OpenAccount>(&request))
        return lister_.open(account->account_id, done);
    if (const auto* mailbox = std::get_if<OpenMailbox>(&request)) {
        const uint64_t id = mailbox->mailbox_id;
        return loader_.open(id, [this, peer, sequence, id](const Answer& answer) {
            MailboxReply told;
            told.sequence = sequence;
            told.outcome = answer.outcome;
            told.text = answer.text;
            told.mailbox_id = id;
            told.modseq = context_.arena->modseq_of(id);
            context_.workers.reply(peer, told);
        });
    }
    if (const auto* summaries = std::get_if<LoadSummaries>(&request))
        return loader_.load_summaries(summaries->mailbox_id, summaries->first_uid,
                                      summaries->last_uid, done);
    // At once: whoever waits would wait for long.
    if (!is_connected()) {
        ++unavailable_;
        return done(away());
    }
    if (is_read(request)) return read(peer, sequence, std::move(request));
    writes_.add({peer, sequence, std::move(request), 0});
}

void MailboxServiceThread::read(uint64_t peer, uint64_t sequence, MailboxRequest request) {
    context_.ask(
        reads_, read_queries(request),
        [request, sequence](std::vector<PgResult> rows) {
            MailboxReply reply;
            reply.sequence = sequence;
            take_read(request, rows, reply);
            return reply;
        },
        [this, peer, sequence](const tl::expected<MailboxReply, PipelineFailure>& answered) {
            if (answered)
                context_.workers.reply(peer, *answered);
            else
                reply(peer, sequence, Answer::of(answered.error()));
        });
}

void MailboxServiceThread::add_connection(unsigned worker, UniqueFd socket) {
    context_.workers.add(worker, std::move(socket));
}

void MailboxServiceThread::bodies_moved(std::vector<MovedMessage> messages) {
    if (!context_.arena) return;
    const auto key = [](const MovedMessage& one) { return std::pair(one.mailbox_id, one.uid); };
    std::ranges::sort(messages, {}, key);
    for (auto first = messages.begin(); first != messages.end();) {
        const auto end = std::find_if(first, messages.end(), [&](const MovedMessage& one) {
            return one.mailbox_id != first->mailbox_id;
        });
        context_.arena->move_bodies({first, end});
        first = end;
    }
}

void MailboxServiceThread::disconnect(uint64_t account_id, const std::string& reason) {
    MailboxEvent event;
    event.kind = MailboxEvent::Kind::disconnect;
    event.account_id = account_id;
    event.reason = reason;
    context_.workers.broadcast(event);
}

void MailboxServiceThread::list_sessions(uint64_t account_id, SessionQuestions::Take take) {
    questions_.ask(context_.workers, account_id, std::move(take));
}

void MailboxServiceThread::database_changed(bool connected, const std::string& error) {
    is_connected_ = connected;
    error_ = error;
    if (!connected) return;
    if (context_.arena) return compare_all();
    const MailboxServiceOptions& options = service_.options_;
    auto arena = MailboxArena::create(options.arena_size_max, options.resident_max, options.kept,
                                      generation_now(), service_.qsbr_);
    if (!arena) {
        error_ = arena.error().message;
        log_error("mailboxes.no_arena").field("error", error_);
        return;
    }
    context_.arena = std::move(*arena);
    compare_all();  // which database it is, to know another one by
}

// Not before it can be asked for: sessions that go on in it ask at once.
void MailboxServiceThread::hand_over_arena() {
    if (std::exchange(is_handed_over_, true)) return;
    const MailboxIndexWriter& writer = context_.arena->writer();
    log_info("mailboxes.arena").field("generation", writer.generation());
    service_.hooks_.arena_ready(writer.segment().fd(), writer.generation());
}

void MailboxServiceThread::follow() {
    if (!context_.agreement.is_agreed()) compare_all();
}

void MailboxServiceThread::compare_all() {
    if (!context_.arena) return;
    loader_.compare_all([this] {
        hand_over_arena();
        lister_.relist_all();
    });
}

// ---- what the replication stream tells

void MailboxServiceThread::take_notices(std::vector<MailboxNotice> notices) {
    for (const MailboxNotice& notice : notices) take_notice(notice);
}

void MailboxServiceThread::take_notice(const MailboxNotice& notice) {
    if (const auto* closed = std::get_if<AccountClosed>(&notice)) {
        const auto id = static_cast<uint64_t>(closed->account_id);
        if (context_.arena) context_.arena->remove_account(id);
        return disconnect(id, closed->reason);
    }
    if (!context_.arena) return;
    lister_.distrust_loads();
    if (const auto* row = std::get_if<MailboxRow>(&notice)) {
        if (!writes_.is_writing(static_cast<uint64_t>(row->id))) return take_row(*row);
        deferred_.push_back(notice);
    } else if (const auto* key = std::get_if<MailboxKey>(&notice)) {
        const std::vector<uint64_t> gone = {static_cast<uint64_t>(key->id)};
        const bool is_listed = !context_.arena->accounts_that_list(gone[0]).empty();
        loader_.look_for(gone[0]);
        if (is_listed) lister_.relist_as_told({}, gone);
    } else if (const auto* acl = std::get_if<MailboxAclChange>(&notice)) {
        const std::vector<uint64_t> shared = {static_cast<uint64_t>(acl->mailbox_id)};
        lister_.relist_as_told({}, shared);
    } else if (const auto* subscription = std::get_if<SubscriptionChange>(&notice)) {
        const std::vector<uint64_t> accounts = {static_cast<uint64_t>(subscription->account_id)};
        if (context_.arena->has_account(accounts[0])) lister_.relist_as_told(accounts, {});
    }
}

void MailboxServiceThread::take_row(const MailboxRow& row) {
    const MailboxStatus status = status_of(row);
    const std::vector<uint64_t> owner = {status.account_id};
    const std::vector<uint64_t> mailbox = {status.mailbox_id};
    // A new one comes with the lists: the row may be of one that was removed since.
    if (context_.arena->modseq_of(status.mailbox_id) != 0) loader_.take_status(status);
    loader_.notice(status.mailbox_id, status.highest_modseq);
    if (!lister_.shows(row)) lister_.relist_as_told(owner, mailbox);
}

}  // namespace gatepost::controlplane
