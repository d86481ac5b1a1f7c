// The requests of the control socket.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "controlplane/control/compaction_report.h"
#include "controlplane/control/daemon.h"
#include "controlplane/control/mail_report.h"
#include "controlplane/control/mailbox_report.h"
#include "controlplane/control/status_report.h"

namespace gatepost::controlplane {

namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr int64_t kWaitDefaultMs = 5000;
constexpr int64_t kWaitMaxMs = 600'000;

std::string text_member(const json& request, const char* name) {
    const auto found = request.find(name);
    return found != request.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string line_of(const json& report) {
    // Names out of the database are UTF-8; what is not must not end the process.
    return report.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

void Daemon::reply(ClientId client, json report) {
    report["ok"] = true;
    server_.reply(client, line_of(report));
}

void Daemon::reply_error(ClientId client, const Error& error) {
    server_.reply(
        client,
        line_of({{"ok", false},
                 {"error", {{"code", static_cast<int>(error.code)}, {"message", error.message}}}}));
}

void Daemon::serve(ClientId client, const std::string& line) {
    const json request = json::parse(line, nullptr, false);
    if (!request.is_object()) {
        reply_error(client, {ErrorCode::usage,
                             "a request is one JSON object on one line, such as "
                             "{\"op\":\"status\"}"});
        return;
    }
    const std::string op = text_member(request, "op");
    if (op == "status") {
        json report = status_report({started_at_us_, sync_->board(), *checkpointer_, *page_, tsc_});
        report["mail"] = mail_report(commit_->status());
        report["mailboxes"] = mailbox_report(mailboxes_->status());
        reply(client, std::move(report));
    } else if (op == "sync.wait") {
        serve_wait(client, request);
    } else if (op == "checkpoint") {
        checkpoint_waiters_.push_back({client, checkpointer_->request()});
    } else if (op == "zone.status") {
        serve_zone(client, request);
    } else if (op == "user.sessions" || op == "user.kick") {
        serve_sessions(client, request, op == "user.kick");
    } else if (op == "store.compact") {
        serve_compact(client, request);
    } else {
        reply_error(client,
                    {ErrorCode::usage,
                     fmt::format("unknown op '{}'; known are status, sync.wait, checkpoint, "
                                 "zone.status, user.sessions, user.kick, store.compact",
                                 op)});
    }
}

void Daemon::serve_zone(ClientId client, const json& request) {
    const std::string zone = text_member(request, "zone");
    const auto name = storage::dname_from_text(zone);
    if (zone.empty() || !name) {
        reply_error(client,
                    {ErrorCode::usage, fmt::format("'{}' is not a zone's name: {}", zone,
                                                   name ? "it is empty" : name.error().message)});
        return;
    }
    reply(client, zone_report(storage::dname_to_text(storage::dname_lower(*name)), sync_->board()));
}

void Daemon::serve_sessions(ClientId client, const json& request, bool kick) {
    uint64_t account_id = 0;
    if (const auto found = request.find("account_id"); found != request.end()) {
        if (!found->is_number_unsigned())
            return reply_error(client, {ErrorCode::usage, "account_id must be a number"});
        account_id = found->get<uint64_t>();
    }
    if (kick && account_id == 0)
        return reply_error(client, {ErrorCode::usage, "user.kick needs an account_id"});
    if (!is_serving_mailboxes_) return reply(client, session_report({}));
    const std::string reason = text_member(request, "reason");
    mailboxes_->list_sessions(
        account_id, [this, client, kick, account_id, reason](SessionList list) {
            if (kick)
                mailboxes_->disconnect(account_id,
                                       reason.empty() ? "an administrator closed it" : reason);
            const std::lock_guard lock(answers_mutex_);
            session_lists_.emplace_back(client, std::move(list));
            ring();
        });
}

void Daemon::answer_session_lists() {
    std::vector<std::pair<ClientId, SessionList>> lists;
    {
        const std::lock_guard lock(answers_mutex_);
        lists.swap(session_lists_);
    }
    for (const auto& [client, list] : lists) reply(client, session_report(list));
}

void Daemon::serve_compact(ClientId client, const json& request) {
    if (!compaction_)
        return reply_error(client, {ErrorCode::refused,
                                    "there is no message log here, or the dataplane has not "
                                    "started yet; see mail in `gatepost status`"});
    const bool dry_run = request.value("dry_run", json(false)) == json(true);
    compaction_->compact(dry_run, [this, client](Result<CompactionReport> report) {
        const std::lock_guard lock(answers_mutex_);
        compactions_.emplace_back(client, std::move(report));
        ring();
    });
}

void Daemon::answer_compactions() {
    std::vector<std::pair<ClientId, Result<CompactionReport>>> done;
    {
        const std::lock_guard lock(answers_mutex_);
        done.swap(compactions_);
    }
    for (const auto& [client, report] : done) {
        if (report)
            reply(client, compaction_report(*report));
        else
            reply_error(client, report.error());
    }
}

void Daemon::serve_wait(ClientId client, const json& request) {
    const auto lsn = lsn_from_text(text_member(request, "lsn"));
    if (!lsn) {
        reply_error(client, {ErrorCode::usage, lsn.error().message});
        return;
    }
    int64_t timeout_ms = kWaitDefaultMs;
    if (const auto found = request.find("timeout_ms"); found != request.end()) {
        if (!found->is_number_integer() || found->get<int64_t>() < 0 ||
            found->get<int64_t>() > kWaitMaxMs) {
            reply_error(client, {ErrorCode::usage,
                                 fmt::format("timeout_ms must be from 0 to {}", kWaitMaxMs)});
            return;
        }
        timeout_ms = found->get<int64_t>();
    }
    const auto now = Clock::now();
    lsn_waiters_.push_back({client, *lsn, now, now + milliseconds(timeout_ms)});
    // answer_lsn_waiters follows in the same turn of the loop.
}

void Daemon::answer_lsn_waiters() {
    if (lsn_waiters_.empty()) return;
    const auto now = Clock::now();
    const SyncStatus sync = sync_->board().status();
    bool any_behind = false;
    std::erase_if(lsn_waiters_, [&](const LsnWaiter& waiter) {
        const bool reached = sync_->board().has_reached(waiter.lsn);
        const std::string lsn = lsn_to_text(waiter.lsn);
        if (reached && workers_are_current()) {
            reply(waiter.client,
                  {{"lsn", lsn},
                   {"commit_lsn", lsn_to_text(sync.commit_lsn)},
                   {"waited_ms",
                    std::chrono::duration<double, std::milli>(now - waiter.begin).count()}});
            return true;
        }
        if (now >= waiter.deadline) {
            const std::string why =
                reached ? "the dataplane has not taken the newest index on"
                        : fmt::format("sync is {} at {}{}{}", sync_phase_name(sync.phase),
                                      lsn_to_text(sync.commit_lsn), sync.error.empty() ? "" : ": ",
                                      sync.error);
            reply_error(waiter.client, {ErrorCode::unreachable,
                                        fmt::format("{} is not answered from yet: {}", lsn, why)});
            return true;
        }
        any_behind = any_behind || !reached;
        return false;
    });
    sync_->set_probing(any_behind);
}

void Daemon::answer_checkpoint_waiters() {
    if (checkpoint_waiters_.empty()) return;
    const CheckpointStatus status = checkpointer_->status();
    std::erase_if(checkpoint_waiters_, [&](const CheckpointWaiter& waiter) {
        if (status.attempts < waiter.attempts) return false;
        if (!status.error.empty())
            reply_error(waiter.client, {ErrorCode::refused, status.error});
        else
            reply(waiter.client, checkpoint_report(status));
        return true;
    });
}

bool Daemon::workers_are_current() const {
    if (page_->dataplane_pid.load() == 0) return true;
    const uint64_t generation = sync_->board().status().generation;
    const auto are_current = [&](size_t first, size_t count) {
        for (size_t i = first; i < std::min(first + count, storage::kWorkersMax); ++i)
            if (page_->workers[i].arena_generation.load(std::memory_order_acquire) != generation)
                return false;
        return true;
    };
    const auto have_directory = [&](size_t count) {
        for (size_t i = 0; i < std::min(count, storage::kWorkersMax); ++i)
            if (page_->workers[i].directory_generation.load(std::memory_order_acquire) !=
                generation)
                return false;
        return true;
    };
    for (const storage::NicSlot& nic : page_->nics)
        if (nic.ready.load() != 0 && !are_current(nic.first_worker.load(), nic.worker_count.load()))
            return false;
    // Connections, and so names of servers, are the business of the sockets' workers alone.
    const size_t workers = page_->worker_count.load();
    return are_current(0, workers) && have_directory(workers);
}

}  // namespace gatepost::controlplane
