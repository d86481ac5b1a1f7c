// Statements that are one transaction and one trip to PostgreSQL and back (libpq's pipeline mode).
// Each text is prepared once a connection. Values of results come in binary form.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <unordered_map>
#include <vector>

#include "controlplane/commit/binary_params.h"
#include "controlplane/commit/statement.h"
#include "controlplane/pg/connection.h"

namespace gatepost::controlplane {

struct PipelineQuery {
    std::string_view sql;  // lives for as long as the program
    BinaryParams params;
};

struct PipelineFailure {
    Fault fault = Fault::away;
    std::string sqlstate;  // "": the connection broke
    std::string message;   // with detail and hint
    std::string primary;   // the first sentence of it
    // All was sent and nothing refused: the transaction may have been committed.
    bool is_unknown = false;
};

class Pipeline {
  public:
    using Results = tl::expected<std::vector<PgResult>, PipelineFailure>;

    explicit Pipeline(Connection connection) : connection_(std::move(connection)) {}

    // Gives a result for each query, once the transaction is committed. After a fault of `away` the
    // connection is closed. `wake`: see StatementWait.
    Results run(std::span<const PipelineQuery> queries, StatementWait& wait);

    // Gets what the statements send, message by message: those of the first one (0), of the second…
    using TakeMessage = std::function<Status(size_t statement, Bytes message)>;
    // `sql`: statements COPY … TO STDOUT, in one transaction and one trip. No more is kept of what
    // they send than libpq's buffer has. Whatever `take` refuses fails as 22P03: it gets no more of
    // it, and the connection stays.
    tl::expected<void, PipelineFailure> stream(const std::string& sql, const TakeMessage& take,
                                               StatementWait& wait);

    Connection& connection() { return connection_; }
    bool is_open() const { return connection_.is_open(); }

  private:
    struct Sent {
        bool is_query = false;  // not the preparation of one
    };

    bool send(const PipelineQuery& query, std::vector<Sent>& sent);
    Results receive(std::span<const Sent> sent, StatementWait& wait);
    // False: the connection broke, or the time is over.
    bool receive_copy(const std::function<void(Bytes)>& take, StatementWait& wait);
    PipelineFailure away(std::string why, bool is_unknown = false);

    Connection connection_;
    std::unordered_map<std::string_view, std::string> names_;  // of prepared statements, by text
};

}  // namespace gatepost::controlplane
