#include "controlplane/sync/replication_stream.h"

#include <libpq-fe.h>
#include <unistd.h>

#include "controlplane/pg/error.h"
#include "controlplane/sync/clock.h"
#include "controlplane/sync/pgoutput.h"

namespace gatepost::controlplane {

void ReplicationStream::FreePq::operator()(char* memory) const {
    PQfreemem(memory);
}

Result<ReplicationStream> ReplicationStream::open(std::string_view dsn) {
    auto connection = Connection::open(dsn, "gatepost-controlplane", true);
    if (!connection) return tl::unexpected(std::move(connection).error());
    return ReplicationStream(std::move(*connection));
}

Result<ReplicationSlot> ReplicationStream::create_slot() {
    // Unique among the edges of one server: by the walsender's own process.
    ReplicationSlot slot;
    slot.name = fmt::format("gatepost_{}", connection_.backend_pid());
    auto made = connection_.exec(fmt::format(
        "CREATE_REPLICATION_SLOT {} TEMPORARY LOGICAL pgoutput (SNAPSHOT 'export')", slot.name));
    if (!made)
        return wrap(
            "making a replication slot (this needs wal_level=logical and a role with REPLICATION)",
            std::move(made).error());
    const int point = made->column("consistent_point");
    const int snapshot = made->column("snapshot_name");
    if (made->rows() != 1 || point < 0 || snapshot < 0)
        return fail(ErrorCode::invalid,
                    "the server made a replication slot without saying where it begins");
    auto lsn = lsn_from_text(made->view(0, point));
    if (!lsn) return tl::unexpected(std::move(lsn).error());
    slot.consistent_point = *lsn;
    slot.snapshot = made->text(0, snapshot);
    return slot;
}

Status ReplicationStream::start(const ReplicationSlot& slot, std::string_view publication) {
    auto started =
        connection_.exec(fmt::format("START_REPLICATION SLOT {} LOGICAL {} (proto_version '1', "
                                     "publication_names '{}', binary 'true')",
                                     slot.name, lsn_to_text(slot.consistent_point), publication));
    if (!started) return wrap("starting replication", std::move(started).error());
    if (PQresultStatus(started->get()) != PGRES_COPY_BOTH)
        return fail(ErrorCode::invalid, "the server did not start replication");
    return {};
}

Error ReplicationStream::ended() const {
    // The reason comes as the result of the COPY that the stream is.
    Error error{ErrorCode::unreachable, "PostgreSQL ended the replication stream"};
    if (PGresult* raw = PQgetResult(connection_.raw())) {
        const PgResult result(raw);
        if (PQresultStatus(raw) == PGRES_FATAL_ERROR) error = error_from_result(raw);
    }
    return error;
}

Status ReplicationStream::fill() {
    if (PQconsumeInput(connection_.raw()) == 1) return {};
    return wrap("the replication stream broke", connection_.last_error());
}

Result<std::optional<StreamMessage>> ReplicationStream::next() {
    char* raw = nullptr;
    const int length = PQgetCopyData(connection_.raw(), &raw, 1);
    message_.reset(raw);
    if (length == 0) return std::nullopt;
    if (length == -1) return tl::unexpected(ended());
    if (length < 0) return wrap("the replication stream broke", connection_.last_error());

    ByteReader reader({reinterpret_cast<const uint8_t*>(raw), static_cast<size_t>(length)});
    StreamMessage message;
    const uint8_t type = reader.u8();
    if (type == 'w') {  // XLogData
        reader.u64();   // where the data begin
        message.wal_end = reader.u64();
        reader.u64();  // the server's clock
        message.data = reader.bytes(reader.left());
        if (reader.ok() && !message.data.empty()) return message;
    } else if (type == 'k') {  // Primary keepalive message
        message.wal_end = reader.u64();
        reader.u64();
        message.reply_requested = reader.u8() != 0;
        if (reader.ok() && reader.at_end()) return message;
    }
    return fail(ErrorCode::invalid, "a malformed message of {} octets in the replication stream",
                length);
}

Status ReplicationStream::send_status(Lsn received, Lsn applied, bool reply_requested) {
    std::vector<uint8_t> message;
    ByteWriter writer(message);
    writer.u8('r');  // Standby status update
    writer.u64(received);
    writer.u64(applied);  // flushed: a reload would begin from the database, never from here
    writer.u64(applied);
    writer.u64(static_cast<uint64_t>(now_us() - kPostgresEpochUs));
    writer.u8(reply_requested ? 1 : 0);
    if (PQputCopyData(connection_.raw(), reinterpret_cast<const char*>(message.data()),
                      static_cast<int>(message.size())) == 1 &&
        PQflush(connection_.raw()) == 0)
        return {};
    return wrap("the replication stream broke", connection_.last_error());
}

}  // namespace gatepost::controlplane
