#include "controlplane/queue_api/queue_api.h"

#include <gtest/gtest.h>
#include <httplib.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "controlplane/model/outbound.h"
#include "controlplane/queue_api/access.h"
#include "storage/password/base64.h"
#include "storage/password/create.h"
#include "storage/password/digest.h"
#include "tests/unit/queue_api/queue_rig.h"

namespace gatepost::controlplane {
namespace {

using nlohmann::json;

class QueueApiTest : public testing::Test {
  protected:
    QueueApiTest() : connection_(mail_database(&dsn_)) {}

    void start(QueueApiOptions options = {}) {
        options.dsn = dsn_;
        options.messages = log_.path();
        options.listen = {{"127.0.0.1", 0}};
        auto api = QueueApi::start(options);
        ASSERT_TRUE(api) << api.error().message;
        api_ = std::move(*api);
    }
    httplib::Client client() const {
        httplib::Client client("127.0.0.1", api_->ports().at(0));
        client.set_read_timeout(60);  // s; only a hang lasts so long
        return client;
    }

    json get(const std::string& path) {
        const auto reply = client().Get(path);
        if (!reply) return "no reply";
        EXPECT_EQ(reply->status, 200) << reply->body;
        return json::parse(reply->body, nullptr, false);
    }
    json post(const std::string& path, const json& body) {
        const auto reply = client().Post(path, body.dump(), "application/json");
        return reply ? json::parse(reply->body, nullptr, false) : json("no reply");
    }
    int status_of(const std::string& path, const httplib::Headers& headers = {}) {
        const auto reply = client().Get(path, headers);
        return reply ? reply->status : 0;
    }
    int64_t add(unsigned number, const std::string& octets = "Subject: x\r\n\r\nHello\r\n") {
        return queue(connection_, number, "eve@example.net", log_.put(octets));
    }
    std::string write(const std::string& name, const std::string& text) {
        const std::string path = log_.path() + "/" + name;
        std::ofstream(path) << text;
        return path;
    }

    std::string dsn_;
    Connection connection_;
    TestLog log_;
    std::unique_ptr<QueueApi> api_;
};

TEST_F(QueueApiTest, PullAcknowledgeAndAgain) {
    start();
    EXPECT_EQ(get("/queue/pull"),
              json({{"lease_id", nullptr}, {"expires_at", nullptr}, {"messages", json::array()}}));
    add(1, "Subject: Hi\r\n\r\nHello\r\n");
    add(2);
    const json lease = get("/queue/pull?max=1");
    ASSERT_EQ(lease["messages"].size(), 1U) << lease;
    const json message = lease["messages"][0];
    EXPECT_EQ(message["id"], blob(1));
    EXPECT_EQ(message["sender"], "ada@example.org");
    EXPECT_EQ(message["recipients"], json({"eve@example.net"}));
    EXPECT_EQ(storage::decode_base64(message["data"].get<std::string>(),
                                     storage::Base64Padding::required),
              "Subject: Hi\r\n\r\nHello\r\n");

    const json ack = {{"lease_id", lease["lease_id"]}, {"ids", {blob(1), blob(2)}}};
    const json first = post("/queue/ack", ack);
    EXPECT_EQ(first["acked"], json({blob(1)}));
    EXPECT_EQ(first["not_leased"], json({blob(2)}));
    const json second = post("/queue/ack", ack);
    EXPECT_TRUE(second["acked"].empty()) << "the second time changes nothing";
    EXPECT_EQ(states(connection_), "delivered ready");
    EXPECT_EQ(api_->status().delivered, 1U);
}

TEST_F(QueueApiTest, ALeaseThatIsOverComesAgain) {
    start();
    add(1);
    const json lease = get("/queue/pull");
    EXPECT_TRUE(get("/queue/pull")["messages"].empty());
    must(connection_, "UPDATE gatepost.outbound SET lease_expires_at = now()");
    const json again = get("/queue/pull");
    ASSERT_EQ(again["messages"].size(), 1U);
    EXPECT_EQ(again["messages"][0]["recipient_details"][0]["attempts"], 2);
    EXPECT_EQ(
        post("/queue/ack", {{"lease_id", lease["lease_id"]}, {"ids", {blob(1)}}})["not_leased"],
        json({blob(1)}));
    const json nack = {{"lease_id", again["lease_id"]},
                       {"ids", {blob(1)}},
                       {"action", "hold"},
                       {"reason", "451 later"}};
    EXPECT_EQ(post("/queue/nack", nack)["nacked"], json({blob(1)}));
    EXPECT_EQ(outbound_list(connection_)->front().held_reason, "451 later");
}

TEST_F(QueueApiTest, FiftyAtATimeOldestFirst) {
    start();
    for (unsigned number = 1; number <= 51; ++number) add(number);
    const json first = get("/queue/pull");
    ASSERT_EQ(first["messages"].size(), 50U);
    EXPECT_EQ(first["messages"][0]["id"], blob(1));
    EXPECT_EQ(first["messages"][49]["id"], blob(50));
    const json second = get("/queue/pull");
    ASSERT_EQ(second["messages"].size(), 1U);
    EXPECT_EQ(second["messages"][0]["id"], blob(51));
}

TEST_F(QueueApiTest, OctetsThatAreNoUtf8) {
    start({.legacy = true});
    const std::string octets("Subject: \xe9t\xe9\r\n\r\n\xff\xfe\0x\r\n", 21);
    add(1, octets);
    add(2, "Subject: \xc3\xa9\r\n\r\nok\r\n");
    const json lease = get("/queue/pull?encoding=text");
    EXPECT_EQ(storage::decode_base64(lease["messages"][0]["data"].get<std::string>(),
                                     storage::Base64Padding::required),
              octets);
    EXPECT_EQ(lease["messages"][1]["text"], "Subject: \xc3\xa9\r\n\r\nok\r\n");
    EXPECT_FALSE(lease["messages"][1].contains("data"));

    const auto raw = client().Get("/queue/message/" + blob(1) +
                                  "?lease_id=" + lease["lease_id"].get<std::string>());
    ASSERT_TRUE(raw);
    EXPECT_EQ(raw->body, octets);
    EXPECT_EQ(raw->get_header_value("Content-Type"), "message/rfc822");
    EXPECT_EQ(status_of("/queue/message/" + blob(1) + "?lease_id=" + blob(3)), 404);

    must(connection_, "UPDATE gatepost.outbound SET lease_expires_at = now()");
    const json legacy = get("/");
    ASSERT_EQ(legacy.size(), 2U) << legacy;
    EXPECT_EQ(storage::decode_base64(legacy[0]["data_base64"].get<std::string>(),
                                     storage::Base64Padding::required),
              octets);
    EXPECT_EQ(legacy[1]["data"], "Subject: \xc3\xa9\r\n\r\nok\r\n");
}

TEST_F(QueueApiTest, TheOldFormIsDoneOnceItIsWritten) {
    start({.legacy = true});
    EXPECT_EQ(get("/"), json::array());
    add(1, "From: ada@example.org\r\nSUBJECT: Hi\r\n there\r\n\r\nHello\r\n");
    const json messages = get("/");
    ASSERT_EQ(messages.size(), 1U);
    EXPECT_EQ(messages[0]["mail_from"], "ada@example.org");
    EXPECT_EQ(messages[0]["rcpt_tos"], json({"eve@example.net"}));
    EXPECT_EQ(messages[0]["subject"], "Hi there");
    EXPECT_EQ(messages[0]["body"], "Hello\r\n");
    EXPECT_TRUE(messages[0].contains("timestamp"));
    api_->stop();  // the reply is written before its messages are noted
    EXPECT_EQ(states(connection_), "delivered");
}

TEST_F(QueueApiTest, TheOldFormIsOffUnlessAskedFor) {
    start();
    add(1);
    EXPECT_EQ(status_of("/"), 404);
    EXPECT_EQ(states(connection_), "ready");
}

TEST_F(QueueApiTest, RequestsThatAreWrong) {
    start();
    add(1);
    for (const char* path : {"/queue/pull?max=0", "/queue/pull?max=51", "/queue/pull?wait=99",
                             "/queue/pull?max=x", "/queue/pull?encoding=rot13"})
        EXPECT_EQ(status_of(path), 400) << path;
    EXPECT_EQ(status_of("/queue/pull", {{"Range", "bytes=0-1"}}), 405);
    EXPECT_EQ(client().Head("/queue/pull")->status, 405);
    for (const char* body : {"", "[]", "{\"lease_id\":\"x\",\"ids\":[]}",
                             "{\"lease_id\":\"01900000-0000-7000-8000-000000000001\"}",
                             "{\"lease_id\":\"01900000-0000-7000-8000-000000000001\",\"ids\":[7]}"})
        EXPECT_EQ(client().Post("/queue/ack", body, "application/json")->status, 400) << body;
    const auto large = client().Post("/queue/ack", std::string(100'000, ' '), "application/json");
    EXPECT_TRUE(!large || large->status == 413);
    EXPECT_EQ(states(connection_), "ready") << "nothing was handed out";
    EXPECT_GE(api_->status().malformed, 12U);
}

TEST_F(QueueApiTest, AMessageThatCannotBeReadIsHeld) {
    start();
    queue(connection_, 1, "eve@example.net", {99, 0, 10});
    add(2);
    const json lease = get("/queue/pull");
    ASSERT_EQ(lease["messages"].size(), 1U);
    EXPECT_EQ(lease["messages"][0]["id"], blob(2));
    EXPECT_EQ(states(connection_), "held leased");
    EXPECT_NE(outbound_list(connection_)->front().held_reason.find("segment"), std::string::npos);
    EXPECT_EQ(api_->status().unreadable, 1U);
}

TEST_F(QueueApiTest, WhoGetsIn) {
    const std::string token = "gpq_secret";
    const std::string digest =
        storage::encode_base64(storage::digest(storage::DigestKind::sha256, {token}));
    const std::string tokens = write("tokens", "# relays\nrelay1:{SHA256}" + digest + "\n");
    storage::CreateOptions weak;
    weak.allow_weak = true;
    const std::string users = write(
        "users",
        "puller:" + *storage::hash_password(storage::PasswordScheme::ssha512, "s:cret", weak) +
            "\n");
    start({.token_file = tokens, .users_file = users});
    EXPECT_EQ(status_of("/queue/pull"), 401);
    EXPECT_EQ(status_of("/queue/pull", {{"Authorization", "Bearer gpq_other"}}), 401);
    EXPECT_EQ(status_of("/queue/pull", {{"Authorization", "Bearer " + token}}), 200);
    EXPECT_EQ(status_of("/queue/pull", {{"Authorization", "bearer " + token}}), 200);
    const auto basic = [](const std::string& pair) {
        return httplib::Headers{{"Authorization", "Basic " + storage::encode_base64(pair)}};
    };
    EXPECT_EQ(status_of("/queue/pull", basic("puller:s:cret")), 200);
    EXPECT_EQ(status_of("/queue/pull", basic("puller:wrong")), 401);
    EXPECT_EQ(status_of("/queue/pull", basic("nobody:s:cret")), 401);
    EXPECT_EQ(status_of("/queue/pull", basic("puller")), 401);
    EXPECT_EQ(api_->status().refused_logins, 5U);

    write("tokens", "");  // taken away while it runs
    EXPECT_EQ(status_of("/queue/pull", {{"Authorization", "Bearer " + token}}), 401);
    std::filesystem::remove(tokens);
    EXPECT_EQ(status_of("/queue/pull", basic("puller:s:cret")), 503) << "nobody gets in";
}

TEST_F(QueueApiTest, OnlyFromThere) {
    start({.allow = {"192.0.2.0/24", "2001:db8::/32"}});
    EXPECT_EQ(status_of("/queue/pull"), 403);
    EXPECT_EQ(api_->status().refused_addresses, 1U);
}

TEST_F(QueueApiTest, AnOpenAddressNeedsCredentials) {
    QueueApiOptions options{.dsn = dsn_, .messages = log_.path(), .listen = {{"0.0.0.0", 0}}};
    EXPECT_ERROR(QueueApi::start(options), ErrorCode::refused, "token_file");
    options.token_file = log_.path() + "/missing";
    EXPECT_ERROR(QueueApi::start(options), ErrorCode::permission, "missing");
}

TEST_F(QueueApiTest, WaitingEndsWithMailOrWithTheServer) {
    start();
    json lease;
    std::thread waiter([&] { lease = get("/queue/pull?wait=30"); });
    add(1);
    waiter.join();
    EXPECT_EQ(lease["messages"].size(), 1U);

    std::thread other([&] { lease = get("/queue/pull?wait=30"); });
    while (api_->status().requests < 2) std::this_thread::yield();
    api_->stop();
    other.join();
    EXPECT_TRUE(lease["messages"].empty()) << lease;
}

TEST(NetworkList, Contains) {
    const auto list = NetworkList::parse({"192.0.2.0/25", "2001:db8::/33", "198.51.100.7"});
    ASSERT_TRUE(list);
    for (const char* in : {"192.0.2.127", "::ffff:192.0.2.1", "2001:db8:7fff::1", "198.51.100.7"})
        EXPECT_TRUE(list->contains(in)) << in;
    for (const char* out : {"192.0.2.128", "2001:db8:8000::1", "198.51.100.8", "::1", "x", ""})
        EXPECT_FALSE(list->contains(out)) << out;
    for (const char* bad : {"192.0.2.0/33", "x", "::/129", "192.0.2.0/", "192.0.2.0/8x"})
        EXPECT_FALSE(NetworkList::parse({bad})) << bad;
    EXPECT_TRUE(is_loopback("127.8.9.1"));
    EXPECT_TRUE(is_loopback("::1"));
    EXPECT_FALSE(is_loopback("0.0.0.0"));
}

TEST(AccessFile, Lines) {
    const auto entries = parse_access_file("\n# x\na:{SHA256}abc\r\nb@c:d:{PLAIN}e:{f\n");
    ASSERT_TRUE(entries) << entries.error().message;
    ASSERT_EQ(entries->size(), 2U);
    EXPECT_EQ((*entries)[0].secret, "{SHA256}abc");
    EXPECT_EQ((*entries)[1].name, "b@c:d");
    EXPECT_ERROR(parse_access_file("a:b\n"), ErrorCode::invalid, "line 1");
}

}  // namespace
}  // namespace gatepost::controlplane
