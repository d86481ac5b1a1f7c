#include "dataplane/mail_service/mailbox_service.h"

#include <ctime>

#include "dataplane/reactor/awaitable.h"

namespace gatepost::dataplane {

MailboxService::MailboxService(Parts parts, const Options& options)
    : parts_(std::move(parts)),
      link_({.ring = parts_.ring,
             .timers = parts_.timers,
             .mailboxes = parts_.mailboxes,
             .counters = parts_.counters.mailboxes}),
      turns_(parts_.ring) {
    ImapOptions imap;
    imap.server_name = options.hostname;
    imap.message_octets_max = options.message_octets_max;
    ImapOptions imaps = imap;
    imap.tls = &parts_.imap_tls;
    imaps.implicit_tls = true;
    imap_.emplace(*this, std::move(imap));
    imaps_.emplace(*this, std::move(imaps));
    Pop3Options pop3;
    pop3.server_name = options.hostname;
    pop3.tls = &parts_.pop3_tls;
    pop3_.emplace(*this, pop3);
    pop3s_.emplace(*this, std::move(pop3));
}

Task<> MailboxService::pause(uint32_t ms) {
    TurnQueue::Wait turn(turns_);
    Delay delay(parts_.timers, ms);
    if (ms == 0)
        co_await turn;
    else
        co_await delay;
}

int64_t MailboxService::now_us() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

}  // namespace gatepost::dataplane
