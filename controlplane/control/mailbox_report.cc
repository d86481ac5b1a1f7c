#include "controlplane/control/mailbox_report.h"

#include <nlohmann/json.hpp>

#include "controlplane/control/status_report.h"

namespace gatepost::controlplane {

namespace {

constexpr int64_t kMicroseconds = 1'000'000;  // of a second

}  // namespace

nlohmann::json mailbox_report(const MailboxServiceStatus& status) {
    return {{"connected", status.connected},
            {"error", status.error.empty() ? nlohmann::json() : nlohmann::json(status.error)},
            {"workers", status.workers},
            {"generation", status.generation},
            {"accounts", status.accounts},
            {"mailboxes", status.mailboxes},
            {"resident", status.resident},
            {"messages", status.messages},
            {"used_bytes", status.used_bytes},
            {"free_bytes", status.free_bytes},
            {"retired_bytes", status.retired_bytes},
            {"size_max_bytes", status.size_max_bytes},
            {"evictions", status.evictions},
            {"full", status.full},
            {"dropped", status.dropped},
            {"lost", status.lost},
            {"behind_floor", status.behind_floor},
            {"crowded", status.crowded},
            {"waiting", status.waiting},
            {"requests", status.requests},
            {"changes", status.changes},
            {"bulk_requests", status.bulk_requests},
            {"refused", status.refused},
            {"unavailable", status.unavailable},
            {"malformed", status.malformed},
            {"transactions", status.transactions},
            {"largest_batch", status.largest_batch},
            {"last_batch_us", status.last_batch_us},
            {"repeats", status.repeats},
            {"conflicts", status.conflicts},
            {"gaps", status.gaps},
            {"loads", status.loads},
            {"last_load_us", status.last_load_us},
            {"last_load_messages", status.last_load_messages},
            {"refreshes", status.refreshes},
            {"events", status.events}};
}

nlohmann::json session_report(const SessionList& list) {
    nlohmann::json sessions = nlohmann::json::array();
    for (const storage::SessionNote& session : list.sessions)
        sessions.push_back({{"user", session.user},
                            {"account_id", session.account_id},
                            {"service", session.service},
                            {"client", session.client},
                            {"what", session.what},
                            {"since", time_json(session.since_s * kMicroseconds)},
                            {"tls", session.tls}});
    return {{"sessions", std::move(sessions)}, {"complete", list.is_complete}};
}

}  // namespace gatepost::controlplane
