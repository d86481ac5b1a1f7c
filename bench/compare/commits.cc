#include "bench/compare/commits.h"

#include <libpq-fe.h>
#include <poll.h>

#include <map>
#include <random>
#include <thread>

#include "controlplane/pg/connection.h"

namespace gatepost::bench {

namespace {

constexpr uint32_t kFirstAddress = 0xC6120000;  // 198.18.0.0/15: for benchmarks, RFC 2544
constexpr uint32_t kAddressMask = 0x1FFFF;
constexpr const char* kStatement = "change";

std::string address_text(uint32_t a) {
    return fmt::format("{}.{}.{}.{}", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
}

struct Client {
    controlplane::Connection connection;
    size_t name = 0;
    uint32_t address = 0;
};

class Commits {
  public:
    explicit Commits(const CommitOptions& options) : options_(options) {}

    Status connect() {
        for (unsigned i = 0; i < options_.connections; ++i) {
            auto opened = controlplane::Connection::open(options_.dsn, "bench-prober");
            if (!opened) return tl::unexpected(opened.error());
            if (!options_.setting.empty())
                if (auto set = opened->exec(options_.setting); !set)
                    return tl::unexpected(set.error());
            controlplane::PgResult prepared(
                PQprepare(opened->raw(), kStatement, options_.sql.c_str(), 0, nullptr));
            if (PQresultStatus(prepared.get()) != PGRES_COMMAND_OK)
                return wrap("PREPARE", opened->last_error());
            clients_.push_back({std::move(*opened)});
        }
        return {};
    }

    Result<CommitResult> run() {
        const auto begin = Clock::now();
        const auto until = begin + options_.time;
        for (size_t i = 0; i < clients_.size(); ++i)
            if (Status sent = send(i); !sent) return tl::unexpected(sent.error());
        size_t busy = clients_.size();
        std::vector<pollfd> sources;
        for (const Client& client : clients_)
            sources.push_back({client.connection.socket(), POLLIN, 0});
        while (busy > 0) {
            ::poll(sources.data(), sources.size(), 1000);
            for (size_t i = 0; i < clients_.size(); ++i) {
                if (sources[i].revents == 0) continue;
                auto done = finished(clients_[i]);
                if (!done) return tl::unexpected(done.error());
                if (!*done) continue;
                if (Clock::now() < until) {
                    if (Status sent = send(i); !sent) return tl::unexpected(sent.error());
                } else {
                    sources[i].fd = -1;
                    --busy;
                }
            }
        }
        result_.seconds = milliseconds_since(begin) / 1000;
        return gather();
    }

  private:
    static double milliseconds_since(Clock::time_point begin) {
        return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
    }

    Status send(size_t index) {
        Client& client = clients_[index];
        // Names i, i + K, i + 2K, … belong to client i of K.
        const size_t share = options_.names.size() / clients_.size();
        client.name = random_() % share * clients_.size() + index;
        client.address = kFirstAddress + (serial_++ & kAddressMask);
        const std::string address = address_text(client.address);
        const char* values[] = {address.c_str(), options_.names[client.name].c_str()};
        if (PQsendQueryPrepared(client.connection.raw(), kStatement, 2, values, nullptr, nullptr,
                                0) != 1)
            return tl::unexpected(client.connection.last_error());
        return {};
    }

    Result<bool> finished(Client& client) {
        if (PQconsumeInput(client.connection.raw()) == 0)
            return tl::unexpected(client.connection.last_error());
        if (PQisBusy(client.connection.raw()) != 0) return false;
        while (PGresult* raw = PQgetResult(client.connection.raw())) {
            const controlplane::PgResult result(raw);
            if (PQresultStatus(raw) != PGRES_COMMAND_OK)
                return tl::unexpected(client.connection.last_error());
            if (result.affected() != 1)
                return fail(ErrorCode::refused, "the statement changed {} rows of {}, expected 1",
                            result.affected(), options_.names[client.name]);
        }
        ++result_.transactions;
        last_[client.name] = client.address;
        last_name_ = client.name;
        result_.last_commit = Clock::now();
        return true;
    }

    Result<CommitResult> gather() {
        for (const auto& [index, address] : last_) {
            auto name = storage::dname_from_text(options_.names[index]);
            if (!name) return tl::unexpected(name.error());
            if (index == last_name_) result_.last_changed = result_.changed.size();
            result_.changed.push_back({*name, address});
        }
        return std::move(result_);
    }

    const CommitOptions& options_;
    std::vector<Client> clients_;
    std::map<size_t, uint32_t> last_;  // index of the name → its last address
    size_t last_name_ = 0;
    uint32_t serial_ = 0;
    std::mt19937_64 random_{42};
    CommitResult result_;
};

}  // namespace

Result<CommitResult> run_commits(const CommitOptions& options) {
    Commits commits(options);
    if (Status connected = commits.connect(); !connected) return tl::unexpected(connected.error());
    std::this_thread::sleep_for(options.settle);
    return commits.run();
}

}  // namespace gatepost::bench
