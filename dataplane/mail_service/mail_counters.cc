#include "dataplane/mail_service/mail_counters.h"

#include <algorithm>
#include <limits>

namespace gatepost::dataplane {

namespace {

template <typename Get>
uint64_t sum(const AllMailCounters& workers, const Get& get) {
    uint64_t all = 0;
    for (const MailCounters& worker : workers) all += get(worker).load(std::memory_order_relaxed);
    return all;
}

template <typename Part>
auto member(Part MailCounters::*part, std::atomic<uint64_t> Part::*counter) {
    return [=](const MailCounters& worker) -> const auto& {
        return worker.*part.*counter;
    };
}

void write_smtp(const AllMailCounters& workers, MetricsWriter& out) {
    const auto by_role = [&](std::string_view name, std::string_view help, auto counter) {
        out.family(name, MetricKind::counter, help);
        for (size_t role = 0; role < kSmtpRoles; ++role)
            out.sample({{"role", smtp_role_name(static_cast<SmtpRole>(role))}},
                       sum(
                           workers, [&](const MailCounters& worker) -> const auto& {
                               return (worker.smtp.*counter)[role];
                           }));
    };
    by_role("gatepost_smtp_sessions", "Sessions begun", &SmtpCounters::sessions);
    by_role("gatepost_smtp_messages", "Messages accepted", &SmtpCounters::messages);
    out.family("gatepost_smtp_refused", MetricKind::counter,
               "Connections, commands, recipients and messages refused, by reason");
    for (size_t reason = 0; reason < kSmtpRefusals; ++reason)
        out.sample({{"reason", smtp_refusal_name(static_cast<SmtpRefusal>(reason))}},
                   sum(
                       workers, [=](const MailCounters& worker) -> const auto& {
                           return worker.smtp.refused[reason];
                       }));
    const auto one = [&](std::string_view name, std::string_view help, auto counter) {
        out.single(name, MetricKind::counter, help,
                   sum(workers, member(&MailCounters::smtp, counter)));
    };
    one("gatepost_smtp_recipients", "Recipients of accepted messages", &SmtpCounters::recipients);
    one("gatepost_smtp_bytes", "Octets of accepted messages", &SmtpCounters::message_octets);
    one("gatepost_smtp_broken_off", "Messages whose client went away in the middle",
        &SmtpCounters::broken_off);
    one("gatepost_smtp_starttls_injected", "STARTTLS with octets slipped in behind it",
        &SmtpCounters::starttls_injected);
    one("gatepost_smtp_logins", "Logins", &SmtpCounters::logins);
}

void write_filter(const AllMailCounters& workers, MetricsWriter& out) {
    const auto one = [&](std::string_view name, std::string_view help, auto counter) {
        out.single(name, MetricKind::counter, help,
                   sum(workers, member(&MailCounters::filter, counter)));
    };
    using Counters = FilterCounters;
    one("gatepost_filter_messages", "Messages that filter rules looked into", &Counters::messages);
    one("gatepost_filter_matched", "Messages that a filter rule matched", &Counters::matched);
    one("gatepost_filter_rejected", "Messages that filter rules refused", &Counters::rejected);
    one("gatepost_filter_discarded", "Messages that filter rules discarded", &Counters::discarded);
    one("gatepost_filter_junk", "Messages filed as junk", &Counters::junk);
    one("gatepost_filter_unscanned", "Messages not looked into for want of memory",
        &Counters::unscanned);
    one("gatepost_filter_loads", "Times that a worker took new filter rules over",
        &Counters::loads);
    one("gatepost_filter_load_failures", "Filter rules that a worker could not load",
        &Counters::load_failures);
}

void write_policy(const AllMailCounters& workers, MetricsWriter& out) {
    const auto by_rule = [&](std::string_view name, std::string_view help, auto counter) {
        out.family(name, MetricKind::counter, help);
        for (size_t rule = 0; rule < storage::kPolicyRules; ++rule)
            out.sample({{"rule", storage::about(static_cast<storage::PolicyRule>(rule)).name}},
                       sum(
                           workers, [&](const MailCounters& worker) -> const auto& {
                               return (worker.policy.*counter)[rule];
                           }));
    };
    by_rule("gatepost_policy_hits", "What rules of the policy refused, or slowed down",
            &PolicyCounters::hits);
    by_rule("gatepost_policy_monitored", "What rules of the policy would have refused",
            &PolicyCounters::monitored);
}

void write_delivery(const AllMailCounters& workers, MetricsWriter& out) {
    const auto one = [&](std::string_view name, MetricKind kind, std::string_view help,
                         auto counter) {
        out.single(name, kind, help, sum(workers, member(&MailCounters::delivery, counter)));
    };
    using Counters = DeliveryCounters;
    one("gatepost_delivery_messages", MetricKind::counter, "Messages delivered",
        &Counters::delivered);
    one("gatepost_delivery_duplicates", MetricKind::counter,
        "Messages that an attempt before had delivered", &Counters::duplicates);
    one("gatepost_delivery_retried", MetricKind::counter, "Deliveries put off", &Counters::retried);
    one("gatepost_delivery_read_failures", MetricKind::counter,
        "Messages that could not be read back from the log", &Counters::read_failures);
    one("gatepost_spool_messages", MetricKind::gauge, "Messages accepted and not delivered yet",
        &Counters::waiting);
    one("gatepost_delivery_connected", MetricKind::gauge,
        "Workers with a connection to the control plane", &Counters::connected);
    uint64_t oldest = std::numeric_limits<uint64_t>::max();
    for (const MailCounters& worker : workers)
        if (uint64_t ms = worker.delivery.oldest_unix_ms.load(std::memory_order_relaxed); ms != 0)
            oldest = std::min(oldest, ms);
    out.family("gatepost_spool_oldest_seconds", MetricKind::gauge,
               "When the oldest message that waits came, in seconds since 1970; 0: none waits");
    out.sample({}, oldest == std::numeric_limits<uint64_t>::max() ? 0 : oldest / 1000);
}

void write_store(const AllMailCounters& workers, MetricsWriter& out) {
    const auto one = [&](std::string_view name, std::string_view help, auto counter) {
        out.single(name, MetricKind::counter, help,
                   sum(workers, member(&MailCounters::store, counter)));
    };
    using Counters = SharedStoreCounters;
    one("gatepost_store_messages", "Messages made durable", &Counters::messages);
    one("gatepost_store_bytes", "Octets of their bodies", &Counters::octets);
    one("gatepost_store_batches", "Writes to the message log", &Counters::batches);
    one("gatepost_store_batch_bytes", "Octets of these writes", &Counters::batch_octets);
    one("gatepost_store_write_microseconds", "Time that the writes took", &Counters::write_us);
    one("gatepost_store_commit_microseconds", "Time from commit to durable, of all messages",
        &Counters::commit_us);
    one("gatepost_store_segments", "Segments made", &Counters::segments);
    one("gatepost_store_segment_failures", "Segments that could not be made",
        &Counters::segment_failures);
    one("gatepost_store_disk_full", "Messages refused for want of disk space",
        &Counters::disk_full);
    one("gatepost_store_busy", "Messages refused for want of memory", &Counters::busy);
    one("gatepost_store_broken", "Messages refused because a write failed", &Counters::broken);
    one("gatepost_store_read_failures", "Bodies that could not be read", &Counters::read_failures);
    one("gatepost_store_bad_records", "Damaged records met", &Counters::bad_records);
}

void write_imap(const AllMailCounters& workers, MetricsWriter& out) {
    const auto one = [&](std::string_view name, MetricKind kind, std::string_view help,
                         auto counter) {
        out.single(name, kind, help, sum(workers, member(&MailCounters::imap, counter)));
    };
    constexpr MetricKind kCounter = MetricKind::counter;
    using Counters = ImapCounters;
    one("gatepost_imap_sessions", kCounter, "Sessions begun", &Counters::sessions);
    one("gatepost_pop3_sessions", kCounter, "Sessions of POP3 begun", &Counters::pop3_sessions);
    one("gatepost_imap_logins", kCounter, "Logins", &Counters::logins);
    one("gatepost_imap_logins_failed", kCounter, "Logins that failed", &Counters::logins_failed);
    one("gatepost_imap_commands", kCounter, "Commands", &Counters::commands);
    one("gatepost_imap_bad_commands", kCounter, "Commands answered BAD", &Counters::bad_commands);
    one("gatepost_imap_refused", kCounter, "Commands answered NO", &Counters::refused);
    one("gatepost_imap_unavailable", kCounter,
        "Changes that could not be made because the database was away", &Counters::unavailable);
    one("gatepost_imap_literals_refused", kCounter, "Literals that were too large",
        &Counters::literals_refused);
    one("gatepost_imap_urls_signed", kCounter, "URLs that clients have had authorized",
        &Counters::urls_signed);
    one("gatepost_imap_urls_fetched", kCounter, "Authorized URLs whose octets were given",
        &Counters::urls_fetched);
    one("gatepost_imap_urls_refused", kCounter, "Authorized URLs that gave nothing",
        &Counters::urls_refused);
    one("gatepost_imap_appended", kCounter, "Messages appended", &Counters::appended);
    one("gatepost_imap_fetched", kCounter, "Messages fetched", &Counters::fetched);
    one("gatepost_imap_body_bytes", kCounter, "Octets sent out of the message log",
        &Counters::body_octets);
    one("gatepost_imap_searched", kCounter, "Messages whose bodies were searched",
        &Counters::searched);
    one("gatepost_imap_wakes", kCounter, "Times that a session in IDLE was told of a change",
        &Counters::wakes);
    one("gatepost_imap_logged_in", MetricKind::gauge, "Sessions of those who have logged in",
        &Counters::logged_in);
    one("gatepost_imap_idling", MetricKind::gauge, "Sessions in IDLE", &Counters::idling);
}

void write_compression(const AllMailCounters& workers, MetricsWriter& out) {
    const auto one = [&](std::string_view name, MetricKind kind, std::string_view help,
                         std::atomic<uint64_t> CompressionCounters::*counter) {
        out.single(name, kind, help,
                   sum(
                       workers, [=](const MailCounters& worker) -> const auto& {
                           return worker.imap.compression.*counter;
                       }));
    };
    constexpr MetricKind kCounter = MetricKind::counter;
    using Counters = CompressionCounters;
    one("gatepost_imap_compression_begun", kCounter, "Connections that have been compressed",
        &Counters::begun);
    one("gatepost_imap_compression_refused", kCounter, "Because too many were compressed",
        &Counters::refused);
    one("gatepost_imap_compression_broken", kCounter, "Connections that sent no deflate stream",
        &Counters::broken);
    one("gatepost_imap_compression_received_bytes", kCounter, "Compressed octets received",
        &Counters::received);
    one("gatepost_imap_compression_inflated_bytes", kCounter, "What they stood for",
        &Counters::inflated);
    one("gatepost_imap_compression_said_bytes", kCounter, "Octets before they were compressed",
        &Counters::said);
    one("gatepost_imap_compression_sent_bytes", kCounter, "Compressed octets sent",
        &Counters::sent);
    one("gatepost_imap_compression_stored_bytes", kCounter,
        "Octets sent as they were, as too many connections were compressing", &Counters::stored);
    one("gatepost_imap_compression_rested", kCounter,
        "Times that a silent connection gave its memory back", &Counters::rested);
    one("gatepost_imap_compressed", MetricKind::gauge, "Connections that are compressed",
        &Counters::compressed);
    one("gatepost_imap_deflating", MetricKind::gauge, "Of these, with a compressor of their own",
        &Counters::deflating);
}

void write_mailboxes(const AllMailCounters& workers, MetricsWriter& out) {
    const auto one = [&](std::string_view name, MetricKind kind, std::string_view help,
                         auto counter) {
        out.single(name, kind, help, sum(workers, member(&MailCounters::mailboxes, counter)));
    };
    constexpr MetricKind kCounter = MetricKind::counter;
    using Counters = MailboxLinkCounters;
    one("gatepost_mailbox_connected", MetricKind::gauge,
        "Workers with a connection for mailboxes to the control plane", &Counters::connected);
    one("gatepost_mailbox_pending", MetricKind::gauge, "Requests without an answer",
        &Counters::pending);
    one("gatepost_mailbox_requests", kCounter, "Requests about mailboxes", &Counters::requests);
    one("gatepost_mailbox_requests_unavailable", kCounter,
        "Requests that could not be made, or were left without an answer", &Counters::unavailable);
    one("gatepost_mailbox_changes_unknown", kCounter,
        "Changes of which nobody can say whether they were made", &Counters::unknown);
    one("gatepost_mailbox_requests_overdue", kCounter, "Requests whose answer did not come in time",
        &Counters::overdue);
    one("gatepost_mailbox_events", kCounter, "Changes that the control plane told",
        &Counters::events);
    one("gatepost_mailbox_disconnected", kCounter, "Sessions that were told to end",
        &Counters::disconnected);
    one("gatepost_mailbox_notes_dropped", kCounter,
        "Sessions left out of a list of sessions for want of room", &Counters::notes_dropped);
}

void write_logins(const AllMailCounters& workers, MetricsWriter& out) {
    const auto one = [&](std::string_view name, std::string_view help, auto counter) {
        out.single(name, MetricKind::counter, help,
                   sum(workers, member(&MailCounters::logins, counter)));
    };
    one("gatepost_login_ended",
        "Sessions that were ended because their password, or their account, is good no more",
        &LoginWatchCounters::ended);
    one("gatepost_login_judged", "Accounts with sessions that were looked at after a change",
        &LoginWatchCounters::judged);
}

}  // namespace

void SharedStoreCounters::publish(const StoreCounters& counters) {
    const auto put = [](std::atomic<uint64_t>& to, uint64_t value) {
        to.store(value, std::memory_order_relaxed);
    };
    put(messages, counters.messages);
    put(octets, counters.octets);
    put(batches, counters.batches);
    put(batch_octets, counters.batch_octets);
    put(write_us, counters.write_us);
    put(commit_us, counters.commit_us);
    put(segments, counters.segments);
    put(segment_failures, counters.segment_failures);
    put(disk_full, counters.disk_full);
    put(busy, counters.busy);
    put(broken, counters.broken);
    put(read_failures, counters.read_failures);
    put(bad_records, counters.bad_records);
}

void write_mail_metrics(const AllMailCounters& workers, MetricsWriter& out) {
    if (workers.empty()) return;
    write_smtp(workers, out);
    write_filter(workers, out);
    write_policy(workers, out);
    write_delivery(workers, out);
    write_store(workers, out);
    write_imap(workers, out);
    write_compression(workers, out);
    write_mailboxes(workers, out);
    write_logins(workers, out);
}

}  // namespace gatepost::dataplane
