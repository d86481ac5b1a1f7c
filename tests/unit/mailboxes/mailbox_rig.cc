#include "tests/unit/mailboxes/mailbox_rig.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace gatepost::controlplane {

using namespace gatepost::storage;

Connection database_of(int accounts, std::string* dsn) {
    auto connection = server->new_connection(dsn);
    EXPECT_TRUE(connection) << (connection ? "" : connection.error().message);
    if (!connection) return {};
    must(*connection, "INSERT INTO gatepost.mail_domains (name) VALUES ('example.org')");
    must(*connection,
         "INSERT INTO gatepost.accounts (address) SELECT 'user' || n || '@example.org' "
         "FROM generate_series(1, " +
             std::to_string(accounts) + ") AS n ORDER BY n");
    return std::move(*connection);
}

void deliver(Connection& connection, uint64_t account_id, int count, const std::string& folder) {
    must(connection,
         fmt::format(
             "SELECT count(*) FROM (SELECT array_agg(gen_random_uuid()) AS blobs, "
             "array_agg(3::bigint) AS segments, array_agg(4096::bigint * n) AS positions, "
             "array_agg(100::bigint) AS sizes, array_agg(now()) AS dates, array_agg(''::text) AS "
             "texts, array_agg(convert_to(n::text, 'UTF8')) AS summaries, array_agg(0::bigint) AS "
             "nobodies, array_agg(false) AS nos, array_agg(n) AS places, array_agg({}::bigint) AS "
             "accounts, array_agg('{}'::text) AS folders, array_agg(NULL::text) AS nulls, "
             "array_agg(0) AS zeros, array_agg('7BIT'::text) AS bodies "
             "FROM generate_series(1, {}) AS n) AS a "
             "CROSS JOIN LATERAL gatepost.deliver(0, blobs, segments, positions, sizes, dates, "
             "texts, texts, texts, summaries, texts, nobodies, texts, texts, bodies, nos, '', "
             "places, accounts, folders, texts, nulls, texts, zeros)",
             account_id, folder, count));
}

uint64_t mailbox_id(Connection& connection, uint64_t account_id, const std::string& name) {
    return std::stoull(
        value(connection, fmt::format("SELECT id FROM gatepost.mailboxes WHERE account_id = {} "
                                      "AND name = '{}'",
                                      account_id, name)));
}

uint64_t MailboxWorker::send(const MailboxRequest& request) {
    std::vector<uint8_t> frame;
    EXPECT_TRUE(append_frame(frame, next_, request));
    EXPECT_EQ(::send(socket_.get(), frame.data(), frame.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(frame.size()));
    return next_++;
}

void MailboxWorker::send(const MailboxNote& note) {
    std::vector<uint8_t> frame;
    EXPECT_TRUE(append_frame(frame, note));
    EXPECT_EQ(::send(socket_.get(), frame.data(), frame.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(frame.size()));
}

bool MailboxWorker::take_frame() {
    for (;;) {
        const auto frame = reader_.next();
        EXPECT_TRUE(frame);
        if (frame && *frame) {
            if ((**frame).verb == FrameVerb::mailbox_reply)
                replies_.push_back(decode_mailbox_reply((**frame).payload).value());
            else
                events_.push_back(decode_mailbox_event((**frame).payload).value());
            return true;
        }
        const std::span<uint8_t> room = reader_.room();
        const ssize_t got = ::recv(socket_.get(), room.data(), room.size(), 0);
        if (got <= 0) {
            closed_ = true;
            return false;
        }
        reader_.filled(static_cast<size_t>(got));
    }
}

MailboxReply MailboxWorker::receive(uint64_t sequence) {
    for (;;) {
        const auto found =
            std::find_if(replies_.begin(), replies_.end(),
                         [&](const MailboxReply& reply) { return reply.sequence == sequence; });
        if (found != replies_.end()) {
            MailboxReply reply = std::move(*found);
            replies_.erase(found);
            return reply;
        }
        if (take_frame()) continue;
        MailboxReply closed;
        closed.outcome = MailboxOutcome::unavailable;
        closed.text = "closed";
        return closed;
    }
}

MailboxEvent MailboxWorker::event() {
    while (events_.empty())
        if (!take_frame()) return {};
    MailboxEvent event = std::move(events_.front());
    events_.pop_front();
    return event;
}

void MailboxWorker::await_change(uint64_t mailbox_id) {
    while (!closed_) {
        const MailboxEvent next = event();
        if (next.kind == MailboxEvent::Kind::changed && next.mailbox_id == mailbox_id) return;
    }
}

Edge::Edge(MailboxServiceOptions options, bool follows) : page_(RuntimeMapping::create().value()) {
    MailboxServiceHooks hooks;
    hooks.arena_ready = [this](int fd, uint64_t) {
        auto image = MailboxIndexImage::map(UniqueFd(::dup(fd)));
        ASSERT_TRUE(image) << image.error().message;
        const std::lock_guard lock(mutex_);
        image_.emplace(std::move(*image));
    };
    SyncOptions sync;
    sync.dsn = options.dsn;
    sync.arena_size_max = size_t{64} << 20;
    sync.directory_size_max = size_t{64} << 20;
    sync.keys = std::make_shared<WatchedKeyFile>("");
    service_ = std::make_unique<MailboxService>(std::move(options), page_->qsbr, std::move(hooks));
    EXPECT_TRUE(service_->start());
    if (!follows) return;
    SyncHooks told;
    told.mailboxes_changed = [this](std::vector<MailboxNotice> notices) {
        service_->notice(std::move(notices));
    };
    told.stream_began = [this] { service_->compare_all(); };
    sync_ = std::make_unique<SyncService>(std::move(sync), *page_, std::move(told));
    EXPECT_TRUE(sync_->start());
    EXPECT_TRUE(eventually([&] { return sync_->board().status().phase == SyncPhase::streaming; }));
}

Edge::~Edge() {
    sync_.reset();
}

MailboxWorker Edge::connect(unsigned worker) {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    service_->add_connection(worker, UniqueFd(ends[0]));
    (void)view();
    return MailboxWorker(UniqueFd(ends[1]));
}

MailboxIndexView Edge::view() {
    EXPECT_TRUE(eventually([&] {
        const std::lock_guard lock(mutex_);
        return image_.has_value();
    }));
    const std::lock_guard lock(mutex_);
    return image_->view();
}

std::string Edge::messages(uint64_t mailbox_id) {
    QsbrReader& reader = page_->qsbr.readers[0];
    const MailboxIndexView index = view();
    reader.online(page_->qsbr.epoch);
    std::string text;
    const auto mailbox = index.mailbox(mailbox_id);
    if (!mailbox) text = "none";
    if (mailbox && !mailbox->has_messages()) text = "not resident";
    for (size_t i = 0; mailbox && mailbox->has_messages() && i < mailbox->size(); ++i) {
        const MailboxEntry& entry = mailbox->at(i);
        std::vector<std::string> keywords;
        for (size_t bit = 0; bit < mailbox->keyword_count(); ++bit)
            if ((entry.keywords >> bit & 1) != 0) keywords.emplace_back(mailbox->keyword(bit));
        std::sort(keywords.begin(), keywords.end());
        text += fmt::format("{}/{}/{}", entry.uid, entry.modseq, entry.flags);
        for (const std::string& keyword : keywords) text += " " + keyword;
        text += '|';
    }
    if (mailbox) {
        const MailboxStatus status = mailbox->status();
        text += fmt::format("{} {} {} {} {}", status.uid_next, status.highest_modseq,
                            status.messages, status.unseen, status.deleted);
    }
    reader.offline();
    return text;
}

bool Edge::shows(uint64_t mailbox_id, const std::string& messages_wanted) {
    const bool shown = eventually([&] { return messages(mailbox_id) == messages_wanted; });
    EXPECT_EQ(messages(mailbox_id), messages_wanted);
    return shown;
}

std::string messages_in_database(Connection& connection, uint64_t mailbox_id) {
    return value(
        connection,
        fmt::format(
            "SELECT coalesce((SELECT string_agg(concat_ws(' ', m.uid || '/' || m.modseq || '/' || "
            "m.flags, (SELECT string_agg(k, ' ' ORDER BY k COLLATE \"C\") FROM unnest(m.keywords) "
            "AS k)) || '|', '' ORDER BY m.uid) FROM gatepost.messages m WHERE m.mailbox_id = "
            "b.id), "
            "'') || concat_ws(' ', b.uid_next, b.highest_modseq, (SELECT count(*) FROM "
            "gatepost.messages m WHERE m.mailbox_id = b.id), (SELECT count(*) FROM "
            "gatepost.messages m WHERE m.mailbox_id = b.id AND m.flags & 1 = 0), (SELECT count(*) "
            "FROM gatepost.messages m WHERE m.mailbox_id = b.id AND m.flags & 8 <> 0)) "
            "FROM gatepost.mailboxes b WHERE b.id = {}",
            mailbox_id));
}

StoreFlags store(uint64_t mailbox, UidSet uids, FlagAction action, uint8_t flags,
                 std::vector<std::string> keywords) {
    StoreFlags request;
    request.mailbox_id = mailbox;
    request.uids = std::move(uids);
    request.action = action;
    request.flags = flags;
    request.keywords = std::move(keywords);
    return request;
}

AppendMessages append(uint64_t mailbox, int count) {
    static BlobIdSource ids;
    AppendMessages request;
    request.mailbox_id = mailbox;
    for (int i = 0; i < count; ++i) {
        AppendedMessage& message = request.messages.emplace_back();
        message.blob = ids.next(1'700'000'000'000 + i);
        message.body = {1, 64, 500};
        message.internal_date_us = 1'700'000'000'000'000;
        message.summary = {'s', 'u', 'm'};
        message.subject = "appended";
    }
    return request;
}

}  // namespace gatepost::controlplane
