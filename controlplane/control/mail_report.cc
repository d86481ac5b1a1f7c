#include "controlplane/control/mail_report.h"

#include <nlohmann/json.hpp>

#include "controlplane/control/status_report.h"

namespace gatepost::controlplane {

nlohmann::json mail_report(const CommitStatus& status) {
    return {{"connected", status.connected},
            {"error", status.error.empty() ? nlohmann::json() : nlohmann::json(status.error)},
            {"workers", status.workers},
            {"waiting", status.waiting},
            {"waiting_bytes", status.waiting_octets},
            {"delivered", status.stored},
            {"duplicates", status.duplicates},
            {"undeliverable", status.undeliverable},
            {"refused", status.refused},
            {"malformed", status.malformed},
            {"transactions", status.transactions},
            {"largest_batch", status.largest_batch},
            {"last_batch_us", status.last_batch_us},
            {"last_delivery_at", time_json(status.last_commit_at_us)}};
}

}  // namespace gatepost::controlplane
