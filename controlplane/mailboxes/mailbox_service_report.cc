// What `gatepost status` shows of the mailbox service.
#include <utility>

#include "controlplane/mailboxes/mailbox_service_thread.h"

namespace gatepost::controlplane {

void MailboxServiceThread::report() {
    MailboxServiceStatus status;
    status.connected = is_connected();
    status.error = error_;
    if (is_connected_ && !is_connected())
        status.error = "the server that answers has not been compared with what is in memory yet";
    status.workers = static_cast<unsigned>(context_.workers.size());
    if (context_.arena) {
        const storage::MailboxIndexStats stats = context_.arena->writer().stats();
        status.generation = context_.arena->writer().generation();
        status.accounts = stats.accounts;
        status.mailboxes = stats.mailboxes;
        status.resident = stats.resident;
        status.messages = stats.messages;
        status.used_bytes = stats.used_bytes;
        status.free_bytes = stats.free_bytes;
        status.retired_bytes = stats.retired_bytes;
        status.size_max_bytes = stats.size_max_bytes;
        status.evictions = context_.arena->counters().evictions;
        status.full = context_.arena->counters().full;
        status.behind_floor = context_.arena->counters().behind_floor;
        status.crowded = context_.arena->counters().crowded;
        status.dropped = context_.arena->counters().dropped;
    }
    const WriteCounters writes = writes_.counters();
    status.waiting = writes_.waiting();
    status.requests = requests_;
    status.bulk_requests = writes_.bulk_requests();
    status.changes = writes.requests;
    status.refused = writes.refused;
    status.unavailable =
        unavailable_ + writes.unavailable + writes.late + writes.locked + writes.dropped;
    status.malformed = malformed_;
    status.transactions = writes.transactions;
    status.largest_batch = writes.largest_batch;
    status.last_batch_us = writes.last_batch_us;
    status.repeats = writes.repeats;
    status.conflicts = writes.conflicts;
    status.gaps = writes.gaps;
    status.lost = loader_.mailboxes_lost();
    const MailboxLoaderCounters& loads = loader_.counters();
    status.loads = loads.loads;
    status.last_load_us = loads.last_load_us;
    status.last_load_messages = loads.last_load_rows;
    status.refreshes = loads.refreshes;
    status.events = context_.workers.events();
    const std::lock_guard lock(service_.mutex_);
    service_.status_ = std::move(status);
}

}  // namespace gatepost::controlplane
