// A PostgreSQL that all tests of a program share, for as long as they run.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/gatepost_server.h"

namespace gatepost::tests {

class ServerEnvironment : public testing::Environment {
  public:
    // `server` is that while the tests run, and nullptr else. For `settings` see
    // PrivatePostgres::start.
    explicit ServerEnvironment(GatepostServer*& server, std::vector<std::string> settings = {})
        : server_(server), settings_(std::move(settings)) {}

    void SetUp() override {
        server_ = new GatepostServer;
        const Status started = server_->start(settings_);
        ASSERT_TRUE(started) << started.error().message;
    }
    void TearDown() override { delete std::exchange(server_, nullptr); }

  private:
    GatepostServer*& server_;
    const std::vector<std::string> settings_;
};

}  // namespace gatepost::tests
