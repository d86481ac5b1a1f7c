// Random transactions against a plain model: after each publish or rollback the index holds just
// what the model does, at every name, seen by a reader that came before and by one that comes
// after.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "storage/zone_index/view.h"
#include "tests/support/test_arena.h"

namespace gatepost::tests {
namespace {

using storage::HashedName;
using storage::Node;
using storage::RRType;
using storage::ZoneView;

using Model = std::map<std::string, int>;  // owner → last octet of its A record

const std::vector<std::string>& names() {
    static const std::vector<std::string> all = [] {
        std::vector<std::string> list;
        for (char a = 'a'; a <= 'f'; ++a) {
            list.push_back(std::string{a} + ".example.");
            for (char b = 'a'; b <= 'd'; ++b) {
                list.push_back(std::string{b} + "." + a + ".example.");
                list.push_back(std::string("deep.x.") + b + "." + a + ".example.");
            }
        }
        return list;
    }();
    return all;
}

bool exists(const Model& model, const std::string& name) {
    for (const auto& [owner, value] : model)
        if (owner == name ||
            (owner.size() > name.size() &&
             owner.compare(owner.size() - name.size() - 1, std::string::npos, "." + name) == 0))
            return true;
    return false;
}

// How many names lie one label below.
size_t children(const Model& model, const std::string& name) {
    std::set<std::string> labels;
    for (const auto& [owner, value] : model) {
        if (owner.size() <= name.size() + 1 || !owner.ends_with("." + name)) continue;
        std::string front = owner.substr(0, owner.size() - name.size() - 1);
        labels.insert(front.substr(front.rfind('.') + 1));
    }
    return labels.size();
}

void expect_equal(const ZoneView& view, const Model& model, bool newest, const std::string& when) {
    for (const std::string& name : names()) {
        HashedName hashed;
        hashed.assign(dname(name), view.secret());
        const Node* node = view.find(hashed, hashed.labels);
        ASSERT_EQ(node != nullptr, exists(model, name)) << name << " " << when;
        if (node == nullptr) continue;
        if (newest) {
            ASSERT_EQ(node->children.load(), children(model, name)) << name << " " << when;
        }
        const auto* rrset = node->find(static_cast<uint16_t>(RRType::A));
        auto it = model.find(name);
        ASSERT_EQ(rrset != nullptr, it != model.end()) << name << " " << when;
        if (rrset == nullptr) continue;
        ASSERT_EQ(node->data(*rrset)[15], it->second) << name << " " << when;
    }
}

TEST(Model, RandomTransactions) {
    std::mt19937 random(7);
    TestArena arena;
    arena.add_zone("example.");
    arena.publish();
    Model published;
    storage::QsbrReader& reader = arena.qsbr().readers[0];
    for (int round = 0; round < 5000; ++round) {
        reader.online(arena.qsbr().epoch);
        ZoneView old_view(arena.image().base());
        Model old_model = published;
        Model model = published;
        arena.writer().begin_zone();
        for (size_t changes = random() % 12; changes > 0; --changes) {
            const std::string& name = names()[random() % names().size()];
            int value = static_cast<int>(random() % 250) + 1;
            if (random() % 2 == 0) {
                arena.put("example.", {name + " 60 A 192.0.2." + std::to_string(value)});
                model[name] = value;
            } else {
                arena.remove("example.", name, "A");
                model.erase(name);
            }
        }
        bool keep = random() % 4 != 0;
        if (keep) {
            ASSERT_TRUE(arena.writer().finish_zone().has_value());
            published = model;
        } else {
            arena.writer().rollback_zone();
        }
        arena.publish();
        std::string when = "in round " + std::to_string(round);
        expect_equal(old_view, old_model, false, when + ", old reader");
        reader.quiescent(arena.qsbr().epoch);
        expect_equal(ZoneView(arena.image().base()), published, true, when + ", new reader");
        if (HasFatalFailure()) return;
        reader.offline();
    }
    // Nothing leaks: what is not free is in use, and rounds without end would go on in the same
    // memory.
    arena.publish();
    arena.publish();
    EXPECT_EQ(arena.writer().stats().retired_bytes, 0u);
    EXPECT_LT(arena.writer().stats().used_bytes, 512u << 10);
}

}  // namespace
}  // namespace gatepost::tests
