#include "controlplane/sync/sync_session.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

#include "controlplane/log/event_log.h"
#include "controlplane/sync/applier.h"
#include "controlplane/sync/clock.h"

namespace gatepost::controlplane {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kMessagesPerTurn = 1024;
constexpr auto kStatusInterval = std::chrono::seconds(1);  // which the age of the data is exact to
constexpr auto kProbeInterval = std::chrono::milliseconds(1);  // while someone waits
constexpr auto kSilenceMax = std::chrono::seconds(30);         // then the server counts as gone
constexpr int64_t kCompactionIntervalMin = 600'000'000;        // microseconds from load to load

int milliseconds_until(Clock::time_point when) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(when - Clock::now()).count();
    return static_cast<int>(std::clamp<int64_t>(left, 0, 60'000));
}

}  // namespace

Status SyncSession::run() {
    auto replication = ReplicationStream::open(options_.dsn);
    if (!replication) return tl::unexpected(std::move(replication).error());
    // Waits until the transactions that are open now have ended: only then is the slot's beginning
    // consistent.
    auto slot = replication->create_slot();
    if (!slot) return tl::unexpected(std::move(slot).error());
    if (signals_.stop) return {};
    if (Status ok = load(*slot); !ok) return ok;
    if (Status ok = replication->start(*slot, options_.publication); !ok) return ok;
    return stream(*replication);
}

// Grows over restarts of every process: readers tell arenas apart by it.
uint64_t SyncSession::next_generation() const {
    uint64_t generation = static_cast<uint64_t>(now_us());
    if (store_) generation = std::max(generation, store_->writer->generation() + 1);
    for (const auto& worker : page_.workers)
        for (const auto* served : {&worker.arena_generation, &worker.directory_generation})
            generation = std::max(generation, served->load(std::memory_order_relaxed) + 1);
    return generation;
}

Status SyncSession::load(const ReplicationSlot& slot) {
    board_.set_phase(SyncPhase::loading, board_.status().error);
    log_info("sync.loading").field("lsn", lsn_to_text(slot.consistent_point));
    const auto begin = Clock::now();
    auto connection = Connection::open(options_.dsn, "gatepost-controlplane");
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto loaded = load_all(*connection,
                           {.snapshot = slot.snapshot,
                            .lsn = slot.consistent_point,
                            .arena_size_max = options_.arena_size_max,
                            .directory_size_max = options_.directory_size_max,
                            .generation = next_generation(),
                            .keys = options_.keys,
                            .server_name = options_.server_name},
                           page_.qsbr, signals_.stop);
    if (!loaded) return tl::unexpected(std::move(loaded).error());
    hand_over(*loaded, slot.consistent_point,
              std::chrono::duration<double>(Clock::now() - begin).count());
    store_ = std::move(loaded->store);  // the old arenas go; their readers have their own mapping
    loaded_at_us_ = now_us();
    confirm(slot.consistent_point);
    return {};
}

void SyncSession::hand_over(const LoadResult& loaded, Lsn lsn, double seconds) {
    const storage::ZoneIndexWriter& zones = *loaded.store->writer;
    const storage::DirectoryWriter& directory = loaded.store->entries->writer();
    const uint64_t generation = zones.generation();
    board_.set_wal_block_size(loaded.wal_block_size);
    board_.set_arena(zones.segment().fd(), loaded.store->directory);
    board_.set_directory_arena(directory.segment().fd(), loaded.store->entries->held());
    board_.update([&](SyncStatus& status) {
        status.commit_lsn = lsn;
        status.commit_time_us = loaded.snapshot_time_us;
        status.caught_up_at_us = now_us();
        ++status.loads_total;
        status.load_seconds = seconds;
        status.generation = generation;
        status.arena = zones.stats();
        status.directory = directory.stats();
        status.huge_pages = zones.segment().pages() == storage::PageKind::huge;
    });
    hooks_.arena_ready(zones.segment().fd(), generation);
    hooks_.directory_ready(directory.segment().fd(), generation);
    log_info("sync.loaded")
        .field("zones", loaded.zones)
        .field("rrsets", loaded.rrsets)
        .field("held_zones", loaded.store->directory->held_count())
        .field("directory_entries", directory.stats().entries)
        .field("held_certificates", loaded.store->entries->held()->count())
        .field("seconds", seconds)
        .field("lsn", lsn_to_text(lsn))
        .field("arena_bytes", zones.stats().used_bytes)
        .field("generation", generation);
}

void SyncSession::confirm(Lsn lsn) {
    if (lsn > confirmed_) {
        confirmed_ = lsn;
        board_.set_confirmed(lsn);
    }
    // Told even without progress: who waits may have begun between the two.
    if (signals_.probing.load(std::memory_order_relaxed)) hooks_.progressed();
}

Status SyncSession::take_transaction(Bytes data) {
    const auto complete = decoder_.feed(data);
    if (!complete) return tl::unexpected(complete.error());
    if (!*complete) return {};
    const CommitMessage commit = decoder_.commit();
    const size_t changes = decoder_.batch().size();
    tell_about_mailboxes();
    if (changes != 0) {
        Applier applier(*store_);
        Status ok = applier.apply(decoder_.batch(), {commit.end_lsn, commit.commit_time_us});
        if (!ok) return ok;
    }
    board_.update([&](SyncStatus& status) {
        status.commit_lsn = commit.end_lsn;
        status.commit_time_us = commit.commit_time_us;
        status.received_lsn = received_;
        ++status.transactions_total;
        status.changes_total += changes;
        status.arena = store_->writer->stats();
        status.directory = store_->entries->writer().stats();
    });
    decoder_.batch().clear();
    confirm(commit.end_lsn);
    return check_fragmentation();
}

void SyncSession::tell_about_mailboxes() {
    ChangeBatch& batch = decoder_.batch();
    for (const DirectoryChange& change : batch.directory()) {
        if (const auto* account = std::get_if<MailAccountRow>(&change)) {
            const bool is_suspended = (account->flags & storage::kAccountSuspended) != 0;
            if (is_suspended || account->address.empty())
                batch.note_mailbox(AccountClosed{account->id, is_suspended
                                                                  ? "the account is suspended"
                                                                  : "the account is gone"});
        } else if (const auto* key = std::get_if<MailAccountKey>(&change)) {
            batch.note_mailbox(AccountClosed{key->id, "the account is gone"});
        }
    }
    if (std::vector<MailboxNotice> notices = batch.take_mailboxes(); !notices.empty())
        hooks_.mailboxes_changed(std::move(notices));
}

// An index that is nearly full though much of it is free holds blocks of sizes that nobody asks for
// any more: laid out anew it has room again.
Status SyncSession::check_fragmentation() {
    const auto is_fragmented = [](const auto& stats) {
        const bool is_full = stats.used_bytes > stats.size_max_bytes / 10 * 9;
        return is_full && stats.free_bytes >= stats.used_bytes / 2;
    };
    if (!is_fragmented(store_->writer->stats()) &&
        !is_fragmented(store_->entries->writer().stats()))
        return {};
    if (now_us() - loaded_at_us_ < kCompactionIntervalMin) return {};
    return fail(ErrorCode::conflict, "an index is full though half of it is free");
}

void SyncSession::take_keepalive(const StreamMessage& message) {
    reply_requested_ = reply_requested_ || message.reply_requested;
    if (store_->entries->look_after_keys())
        board_.update(
            [&](SyncStatus& status) { status.directory = store_->entries->writer().stats(); });
    // The server has sent everything up to wal_end before; with no transaction half received,
    // nothing is missing.
    if (decoder_.in_transaction()) return;
    board_.update([&](SyncStatus& status) {
        status.received_lsn = received_;
        status.caught_up_at_us = now_us();
    });
    confirm(message.wal_end);
}

Result<bool> SyncSession::take(ReplicationStream& stream) {
    for (int i = 0; i < kMessagesPerTurn; ++i) {
        auto message = stream.next();
        if (!message) return tl::unexpected(std::move(message).error());
        if (!*message) return false;
        received_ = std::max(received_, (*message)->wal_end);
        if ((*message)->data.empty()) {
            take_keepalive(**message);
        } else if (Status ok = take_transaction((*message)->data); !ok) {
            return tl::unexpected(std::move(ok).error());
        }
    }
    return true;
}

Status SyncSession::stream(ReplicationStream& stream) {
    has_streamed_ = true;
    board_.set_phase(SyncPhase::streaming);
    hooks_.stream_began();
    log_info("sync.streaming").field("lsn", lsn_to_text(confirmed_));
    auto heard = Clock::now();
    auto next_status = heard;
    while (!signals_.stop.load(std::memory_order_relaxed)) {
        auto more = take(stream);
        if (!more) return tl::unexpected(std::move(more).error());
        const auto now = Clock::now();
        const bool probing = signals_.probing.load(std::memory_order_relaxed);
        if (now >= next_status || reply_requested_) {
            if (Status ok = stream.send_status(received_, confirmed_, true); !ok) return ok;
            next_status = now + (probing ? Clock::duration(kProbeInterval) : kStatusInterval);
            reply_requested_ = false;
        }
        if (*more) continue;
        if (now - heard > kSilenceMax)
            return fail(ErrorCode::unreachable, "PostgreSQL has been silent for {} seconds",
                        kSilenceMax.count());

        pollfd fds[] = {{stream.socket(), POLLIN, 0},
                        {signals_.wake.get(), POLLIN, 0},
                        {store_->entries->filter_fd(), POLLIN, 0}};
        if (::poll(fds, std::size(fds), milliseconds_until(next_status)) < 0 && errno != EINTR)
            return fail(ErrorCode::refused, "poll: {}", std::strerror(errno));
        if (fds[2].revents != 0 && store_->entries->look_after_filter())
            board_.update(
                [&](SyncStatus& status) { status.directory = store_->entries->writer().stats(); });
        if (fds[1].revents != 0) {
            uint64_t count;
            (void)!::read(signals_.wake.get(), &count, sizeof count);
            if (signals_.probing) next_status = Clock::now();
        }
        if (fds[0].revents != 0) {
            heard = Clock::now();
            if (Status ok = stream.fill(); !ok) return ok;
        }
    }
    return {};
}

}  // namespace gatepost::controlplane
