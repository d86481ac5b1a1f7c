#include "tests/support/gatepost_server.h"

#include "controlplane/schema/schema.h"

namespace gatepost::tests {
namespace {

constexpr const char* kTemplate = "gatepost_template";

}  // namespace

Status GatepostServer::start(const std::vector<std::string>& settings) {
    if (Status started = postgres_.start(settings); !started) return started;
    if (Status created = postgres_.create_database(kTemplate); !created) return created;
    auto connection = controlplane::Connection::open(postgres_.dsn(kTemplate), "gatepost_server");
    if (!connection) return tl::unexpected(std::move(connection).error());
    auto migrated = controlplane::schema_migrate(*connection);
    if (!migrated) return tl::unexpected(std::move(migrated).error());
    return {};
}

Result<std::string> GatepostServer::new_database() {
    const std::string name = fmt::format("gatepost_{}", ++databases_);
    if (Status created = postgres_.create_database(name, kTemplate); !created)
        return tl::unexpected(std::move(created).error());
    return postgres_.dsn(name);
}

Result<controlplane::Connection> GatepostServer::new_connection(std::string* dsn) {
    auto database = new_database();
    if (!database) return tl::unexpected(std::move(database).error());
    if (dsn != nullptr) *dsn = *database;
    return controlplane::Connection::open(*database, "gatepost_test");
}

}  // namespace gatepost::tests
