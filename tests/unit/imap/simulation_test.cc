// Several sessions on the same mailboxes, with others who deliver, change and expunge between and
// inside their commands: what each of them has been told is what is there, whenever it asks.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/unit/imap/client_model.h"
#include "tests/unit/imap/imap_rig.h"

namespace gatepost::tests {

namespace {

constexpr const char* kFlags[] = {"\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "work"};

std::set<std::string> flags_of(const MemoryMessage& message) {
    std::set<std::string> flags = message.keywords;
    static constexpr std::pair<uint8_t, const char*> kNames[] = {
        {storage::kFlagSeen, "\\Seen"},
        {storage::kFlagAnswered, "\\Answered"},
        {storage::kFlagFlagged, "\\Flagged"},
        {storage::kFlagDeleted, "\\Deleted"},
        {storage::kFlagDraft, "\\Draft"}};
    for (const auto& [bit, name] : kNames)
        if ((message.flags & bit) != 0) flags.insert(name);
    return flags;
}

struct SimulatedClient {
    explicit SimulatedClient(ImapWorld& world) : rig(world, imap_options(), size_t{1} << 20) {}

    ImapRig rig;
    ClientModel model;
    uint64_t mailbox_id = 0;
    bool qresync = false;
};

class Simulation {
  public:
    explicit Simulation(unsigned seed) : random_(seed) {
        places_ = {world_.inbox, world_.boxes.find(ImapWorld::kAda, "Sent")->id};
        for (int i = 0; i < 8; ++i) world_.deliver(any_place(), sample_message("first"));
        for (unsigned i = 0; i < 4; ++i) {
            clients_.push_back(std::make_unique<SimulatedClient>(world_));
            SimulatedClient& client = *clients_.back();
            client.rig.log_in();
            client.qresync = i % 2 == 1;
            if (client.qresync) client.rig.command("ENABLE QRESYNC");
            select(client);
        }
        world_.boxes.disturb = [this] { disturb(); };
        world_.boxes.on_look = [this] {
            if (below(30) == 0) world_.boxes.evict(any_place());
        };
    }

    void run(int steps) {
        for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) {
            SimulatedClient& client = *clients_[below(clients_.size())];
            step(client);
            if (below(4) == 0) check(client);
        }
        world_.boxes.disturb = {};
        for (auto& client : clients_) check(*client);
    }

  private:
    size_t below(size_t count) { return random_() % count; }
    uint64_t any_place() { return places_[below(places_.size())]; }

    // What others do, seldom.
    void disturb() {
        if (below(4) != 0) return;
        MemoryMailbox& mailbox = world_.boxes.mailbox(any_place());
        const auto what = below(4);
        if (what == 0) world_.deliver(mailbox.id, sample_message("more"));
        if (what == 1) world_.boxes.evict(mailbox.id);
        if (mailbox.messages.empty() || what < 2) return;
        auto at = mailbox.messages.begin();
        std::advance(at, below(mailbox.messages.size()));
        if (what == 2) world_.boxes.change_flags(mailbox.id, at->first, storage::kFlagSeen);
        if (what == 3 && mailbox.messages.size() > 3)
            world_.boxes.expunge_message(mailbox.id, at->first);
    }

    std::string say(SimulatedClient& client, const std::string& line, bool keeps_numbers = false) {
        std::string said = client.rig.command(line);
        const std::string wrong = client.model.take(said, keeps_numbers);
        EXPECT_EQ(wrong, "") << line;
        EXPECT_FALSE(client.rig.has_ended()) << line << ": " << said;
        learn(client);
        return said;
    }

    // The client asks for what it does not know of new messages.
    void learn(SimulatedClient& client) {
        auto& messages = client.model.messages;
        const auto lacking = std::ranges::find_if(
            messages, [](const KnownMessage& m) { return m.uid == 0 || !m.flags; });
        if (lacking == messages.end()) return;
        const auto from = lacking - messages.begin() + 1;
        const std::string said = client.rig.command(fmt::format("FETCH {}:* (UID FLAGS)", from));
        EXPECT_EQ(client.model.take(said, true), "");
    }

    void select(SimulatedClient& client) {
        client.model.clear();
        client.mailbox_id = any_place();
        say(client, "SELECT " + world_.boxes.mailbox(client.mailbox_id).name);
    }

    void step(SimulatedClient& client) {
        const size_t count = client.model.messages.size();
        const size_t number = count == 0 ? 1 : 1 + below(count);
        const std::string flag = kFlags[below(std::size(kFlags))];
        const char action = below(2) == 0 ? '+' : '-';
        const uint32_t uid = count == 0 ? 1 : client.model.messages[number - 1].uid;
        const std::string other = below(2) == 0 ? "INBOX" : "Sent";
        switch (below(12)) {
            case 0:
                if (count != 0)
                    say(client, fmt::format("STORE {} {}FLAGS ({})", number, action, flag), true);
                break;
            case 1:
                if (count == 0) break;
                client.model.store_silently(number, action, flag);
                say(client, fmt::format("STORE {} {}FLAGS.SILENT ({})", number, action, flag),
                    true);
                break;
            case 2:
                say(client, fmt::format("UID STORE {} FLAGS ({})", uid, flag));
                break;
            case 3:
                say(client, "EXPUNGE");
                break;
            case 4:
                say(client, fmt::format("UID EXPUNGE {}:*", uid));
                break;
            case 5:
                if (count != 0) say(client, fmt::format("COPY {}:* {}", number, other));
                break;
            case 6:
                say(client, fmt::format("UID MOVE {} {}", uid, other));
                break;
            case 7:
                say(client, fmt::format("APPEND {} ({}) {{4+}}\r\na: b", other, flag));
                break;
            case 8:
                if (count != 0) say(client, fmt::format("FETCH {}:* (FLAGS BODY[])", number), true);
                break;
            case 9:
                say(client, "SEARCH UNSEEN", true);
                for (const uint32_t found : client.model.found)
                    EXPECT_LE(found, client.model.messages.size());
                break;
            case 10:
                select(client);
                break;
            default:
                idle(client);
        }
    }

    void idle(SimulatedClient& client) {
        std::string said = client.rig.command("IDLE");
        disturb();
        said += client.rig.listen();
        said += client.rig.send("DONE\r\n");
        EXPECT_EQ(client.model.take(said, false), "");
        learn(client);
    }

    // Once nothing happens meanwhile, NOOP tells everything.
    void check(SimulatedClient& client) {
        auto disturb = std::exchange(world_.boxes.disturb, {});
        say(client, "NOOP");
        const MemoryMailbox& mailbox = world_.boxes.mailbox(client.mailbox_id);
        ASSERT_EQ(client.model.messages.size(), mailbox.messages.size());
        auto known = client.model.messages.begin();
        for (const auto& [uid, message] : mailbox.messages) {
            EXPECT_EQ(known->uid, uid);
            ASSERT_TRUE(known->flags.has_value());
            EXPECT_EQ(*known->flags, flags_of(message)) << "UID " << uid;
            ++known;
        }
        world_.boxes.disturb = std::move(disturb);
    }

    ImapWorld world_;
    std::vector<uint64_t> places_;
    std::vector<std::unique_ptr<SimulatedClient>> clients_;
    std::mt19937 random_;
};

class SimulationTest : public testing::TestWithParam<unsigned> {};

TEST_P(SimulationTest, EverySessionKnowsWhatIsThere) {
    Simulation simulation(GetParam());
    simulation.run(400);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SimulationTest, testing::Range(1U, 21U));

}  // namespace

}  // namespace gatepost::tests
