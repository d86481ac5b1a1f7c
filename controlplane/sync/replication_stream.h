// The replication connection: makes the temporary slot, starts the stream, and takes it apart into
// WAL data and keepalives (PostgreSQL 15, "Streaming Replication Protocol"). Temporary, so that a
// consumer that is away costs the server nothing: the slot goes with its connection.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "controlplane/pg/connection.h"
#include "controlplane/pg/lsn.h"
#include "storage/base/bytes.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

struct ReplicationSlot {
    std::string name;
    std::string snapshot;  // for SET TRANSACTION SNAPSHOT, while the connection does nothing else
    Lsn consistent_point = 0;  // the snapshot shows what was committed up to here
};

struct StreamMessage {
    Bytes data;                    // of the output plugin; empty: a keepalive
    Lsn wal_end = 0;               // how far the server has read its log
    bool reply_requested = false;  // of a keepalive
};

class ReplicationStream {
  public:
    static Result<ReplicationStream> open(std::string_view dsn);

    Result<ReplicationSlot> create_slot();
    Status start(const ReplicationSlot& slot, std::string_view publication);

    // Takes what has arrived from the socket, without waiting.
    Status fill();
    // The next message of what fill() took; nullopt: none is complete. It lives until the next
    // call.
    Result<std::optional<StreamMessage>> next();
    // Tells the server what it need not keep; with `reply_requested` it answers by a keepalive at
    // once.
    Status send_status(Lsn received, Lsn applied, bool reply_requested);

    int socket() const { return connection_.socket(); }

  private:
    struct FreePq {
        void operator()(char* memory) const;
    };

    explicit ReplicationStream(Connection connection) : connection_(std::move(connection)) {}
    Error ended() const;

    Connection connection_;
    std::unique_ptr<char, FreePq> message_;
};

}  // namespace gatepost::controlplane
