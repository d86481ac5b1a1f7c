#include "tests/unit/mailbox_link/mailbox_link_rig.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

namespace gatepost::tests {

using namespace gatepost::dataplane;
using namespace gatepost::storage;

void FakeWatcher::note(std::string what) {
    told.push_back(std::move(what));
    if (on_told) on_told();
}

void FakeWatcher::describe(SessionNote& note) const {
    note.session_id = session_id;
    note.service = "imap";
    note.what = "idle in INBOX";
    note.tls = true;
}

MailboxLinkRig::MailboxLinkRig() {
    auto made = Ring::create({.submissions = 64, .completions = 256});
    EXPECT_TRUE(made) << made.error().message;
    ring = std::move(*made);
    EXPECT_TRUE(ring->enable());
    link.reset(new MailboxLink({.ring = *ring,
                                .timers = timers,
                                .mailboxes = [this] { return mailboxes; },
                                .counters = counters}));
    turn();
}

MailboxLinkRig::~MailboxLinkRig() {
    link->stop();
    for (int turns = 0; !link->is_idle() && turns < 1000; ++turns) turn();
    EXPECT_TRUE(link->is_idle());
}

UniqueFd MailboxLinkRig::connect() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    ::fcntl(ends[1], F_SETFL, O_NONBLOCK);
    link->take_connection(UniqueFd(ends[0]));
    return UniqueFd(ends[1]);
}

Task<> MailboxLinkRig::ask(MailboxRequest request, std::optional<MailboxReply>& reply) {
    MailboxReply answer = co_await link->ask(std::move(request));
    reply = std::move(answer);
}

void MailboxLinkRig::turn(uint64_t ms) {
    now_ms += ms;
    timers.advance(now_ms);
    link->look();
    ring->reap();
    link->finish_turn();
    // Completions are worked out in a wait only.
    EXPECT_TRUE(ring->submit_and_wait(1, 1000));
}

void MailboxLinkRig::settle(int turns) {
    while (turns-- > 0) turn();
}

std::vector<NumberedMailboxRequest> FakeMailboxPlane::receive() {
    std::vector<NumberedMailboxRequest> requests;
    while (!closed_) {
        const std::span<uint8_t> room = reader_.room();
        const ssize_t got = ::read(socket_.get(), room.data(), room.size());
        if (got == 0) closed_ = true;
        if (got <= 0) break;
        reader_.filled(static_cast<size_t>(got));
        for (auto frame = reader_.next(); frame && *frame; frame = reader_.next()) {
            if ((**frame).verb == FrameVerb::mailbox_note)
                notes.push_back(decode_mailbox_note((**frame).payload).value());
            else
                requests.push_back(decode_mailbox_request((**frame).payload).value());
        }
    }
    return requests;
}

std::vector<NumberedMailboxRequest> FakeMailboxPlane::take(MailboxLinkRig& rig, size_t count) {
    std::vector<NumberedMailboxRequest> requests;
    for (int turns = 0; requests.size() < count && turns < 200; ++turns) {
        rig.turn();
        for (NumberedMailboxRequest& request : receive()) requests.push_back(std::move(request));
    }
    EXPECT_EQ(requests.size(), count);
    return requests;
}

void FakeMailboxPlane::send(const MailboxReply& reply) {
    std::vector<uint8_t> out;
    EXPECT_TRUE(append_frame(out, reply));
    send(Bytes(out));
}

void FakeMailboxPlane::send(const MailboxEvent& event) {
    std::vector<uint8_t> out;
    EXPECT_TRUE(append_frame(out, event));
    send(Bytes(out));
}

void FakeMailboxPlane::send(Bytes octets) {
    EXPECT_EQ(::send(socket_.get(), octets.data(), octets.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(octets.size()));
}

}  // namespace gatepost::tests
