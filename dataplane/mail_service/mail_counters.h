// What a worker counts about mail; read by whichever worker is asked for metrics.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>

#include "dataplane/delivery/delivery_counters.h"
#include "dataplane/filter/filter_counters.h"
#include "dataplane/http/metrics_writer.h"
#include "dataplane/imap_port/imap_counters.h"
#include "dataplane/mail_service/login_watch_counters.h"
#include "dataplane/mailbox_link/mailbox_link_counters.h"
#include "dataplane/policy/policy_counters.h"
#include "dataplane/smtp/smtp_counters.h"
#include "dataplane/store/store_counters.h"

namespace gatepost::dataplane {

// Of the store's counters those that metrics show, where other threads may read them.
struct SharedStoreCounters {
    std::atomic<uint64_t> messages{0};
    std::atomic<uint64_t> octets{0};
    std::atomic<uint64_t> batches{0};
    std::atomic<uint64_t> batch_octets{0};
    std::atomic<uint64_t> write_us{0};
    std::atomic<uint64_t> commit_us{0};
    std::atomic<uint64_t> segments{0};
    std::atomic<uint64_t> segment_failures{0};
    std::atomic<uint64_t> disk_full{0};
    std::atomic<uint64_t> busy{0};
    std::atomic<uint64_t> broken{0};
    std::atomic<uint64_t> read_failures{0};
    std::atomic<uint64_t> bad_records{0};

    void publish(const StoreCounters& counters);
};

struct MailCounters {
    SmtpCounters smtp{};
    FilterCounters filter{};
    PolicyCounters policy{};
    DeliveryCounters delivery;
    SharedStoreCounters store;
    ImapCounters imap;
    MailboxLinkCounters mailboxes;
    LoginWatchCounters logins;
};

// All workers'. Each is added before any runs.
using AllMailCounters = std::deque<MailCounters>;

void write_mail_metrics(const AllMailCounters& workers, MetricsWriter& out);

}  // namespace gatepost::dataplane
