#include "dataplane/imap_search/thread_tree.h"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <tuple>
#include <unordered_map>

namespace gatepost::dataplane {
namespace {

constexpr uint32_t kNobody = UINT32_MAX;
// Steps up the tree of one THREAD, some 100 ms. Mail that people write takes hardly any; references
// made up for it would take the square of their number, while the worker serves nobody else.
constexpr uint64_t kAncestorStepsMax = 20'000'000;

// A message, or one that only others refer to.
struct Container {
    const ThreadMessage* message = nullptr;
    uint32_t parent = kNobody;
    uint32_t child_count = 0;
    std::vector<uint32_t> children = {};
};

// RFC 5256 §3, REFERENCES, steps (1) to (3).
class Family {
  public:
    explicit Family(const std::vector<ThreadMessage>& messages) {
        by_id_.reserve(messages.size());
        for (const ThreadMessage& message : messages) add(message);
        prune();
    }

    std::vector<Container> containers;
    std::vector<uint32_t> roots;

  private:
    uint32_t make(const ThreadMessage* message) {
        containers.push_back({.message = message});
        return static_cast<uint32_t>(containers.size() - 1);
    }

    uint32_t container_of(std::string_view id) {
        auto [place, is_new] = by_id_.try_emplace(id, kNobody);
        if (is_new) place->second = make(nullptr);
        return place->second;
    }

    // Step (1): where two messages have the same ID, the second has none.
    uint32_t own_container(const ThreadMessage& message) {
        if (message.id.empty()) return make(&message);
        const uint32_t own = container_of(message.id);
        if (containers[own].message != nullptr) return make(&message);
        containers[own].message = &message;
        return own;
    }

    void add(const ThreadMessage& message) {
        const uint32_t own = own_container(message);
        uint32_t last = kNobody;
        for (const std::string& id : message.references) {  // step (1) (A)
            const uint32_t reference = container_of(id);
            if (last != kNobody && containers[reference].parent == kNobody &&
                !is_ancestor(reference, last))
                link(last, reference);
            last = reference;
        }
        unlink(own);  // step (1) (B)
        if (last != kNobody && !is_ancestor(own, last)) link(last, own);
    }

    // Whether `one` is `other` or above it. One without children is above nobody: what comes in
    // the order of its writing is linked without a walk. Once the steps are used up, everyone else
    // is: nothing is linked then, and so no loop can come about.
    bool is_ancestor(uint32_t one, uint32_t other) {
        if (one == other) return true;
        if (containers[one].child_count == 0) return false;
        for (; other != kNobody; other = containers[other].parent) {
            if (other == one || steps_left_ == 0) return true;
            --steps_left_;
        }
        return false;
    }

    void link(uint32_t parent, uint32_t child) {
        containers[child].parent = parent;
        ++containers[parent].child_count;
    }
    void unlink(uint32_t child) {
        uint32_t& parent = containers[child].parent;
        if (parent != kNobody) --containers[parent].child_count;
        parent = kNobody;
    }

    // Steps (2) and (3): children of dummies go up to the next message; those of a topmost dummy
    // stay with it unless there is only one.
    void prune() {
        std::vector<uint32_t> path;
        for (uint32_t i = 0; i < containers.size(); ++i) {
            // The next message above, or the topmost dummy; what is on the way learns it too.
            uint32_t above = containers[i].parent;
            path.clear();
            while (above != kNobody && containers[above].message == nullptr &&
                   containers[above].parent != kNobody) {
                path.push_back(above);
                above = containers[above].parent;
            }
            for (uint32_t dummy : path) containers[dummy].parent = above;
            containers[i].parent = above;
        }
        for (uint32_t i = 0; i < containers.size(); ++i) {
            const Container& one = containers[i];
            if (one.message != nullptr && one.parent != kNobody)
                containers[one.parent].children.push_back(i);
        }
        for (uint32_t i = 0; i < containers.size(); ++i) {
            Container& one = containers[i];
            if (one.parent != kNobody) continue;
            if (one.message != nullptr || one.children.size() > 1) {
                roots.push_back(i);
            } else if (one.children.size() == 1) {
                roots.push_back(one.children.front());
                one.children.clear();
            }
        }
    }

    uint64_t steps_left_ = kAncestorStepsMax;
    std::unordered_map<std::string_view, uint32_t> by_id_;
};

// Steps (4) to (6): order, and what has the same subject.
class Grouping {
  public:
    explicit Grouping(Family& family) : containers_(family.containers), roots_(family.roots) {
        for (uint32_t root : roots_) {
            if (is_dummy(root)) sort(containers_[root].children);
        }
        sort(roots_);
        fill_subjects();
        merge();
        for (Container& one : containers_) sort(one.children);
        sort(roots_);
    }

  private:
    bool is_dummy(uint32_t i) const { return containers_[i].message == nullptr; }
    // The message itself, or a dummy's first child.
    const ThreadMessage& face(uint32_t i) const {
        return *containers_[is_dummy(i) ? containers_[i].children.front() : i].message;
    }
    bool is_reply(uint32_t i) const { return !is_dummy(i) && containers_[i].message->is_reply; }

    // By sent date, equal ones by number. Children of dummies have been sorted before.
    void sort(std::vector<uint32_t>& siblings) const {
        std::ranges::sort(siblings, {}, [&](uint32_t i) {
            const ThreadMessage& message = face(i);
            return std::tuple(message.sent_s, message.uid);
        });
    }

    // Step (5) (B)
    void fill_subjects() {
        for (uint32_t root : roots_) {
            const std::string_view subject = face(root).subject;
            if (subject.empty()) continue;
            auto [place, is_new] = subjects_.try_emplace(subject, root);
            if (is_new || is_dummy(place->second)) continue;
            if (is_dummy(root) || (is_reply(place->second) && !is_reply(root)))
                place->second = root;
        }
    }

    // Step (5) (C)
    void merge() {
        std::vector<uint32_t> kept;
        std::vector<bool> is_replaced(containers_.size() + roots_.size(), false);
        for (uint32_t root : roots_) {
            const std::string_view subject = face(root).subject;
            auto place = subjects_.find(subject);
            if (subject.empty() || place->second == root) {
                kept.push_back(root);
                continue;
            }
            const uint32_t first = place->second;
            if (is_dummy(first) && is_dummy(root)) {
                for (uint32_t child : containers_[root].children)
                    containers_[first].children.push_back(child);
                containers_[root].children.clear();
            } else if (is_dummy(first) || (is_reply(root) && !is_reply(first))) {
                containers_[first].children.push_back(root);
            } else {
                containers_.push_back({.children = {first, root}});
                place->second = static_cast<uint32_t>(containers_.size() - 1);
                is_replaced[first] = true;
                kept.push_back(place->second);
            }
        }
        std::erase_if(kept, [&](uint32_t root) { return is_replaced[root]; });
        roots_ = std::move(kept);
    }

    std::vector<Container>& containers_;
    std::vector<uint32_t>& roots_;
    std::unordered_map<std::string_view, uint32_t> subjects_;
};

ThreadResult result_of(const Family& family) {
    ThreadResult result;
    std::vector<uint32_t> numbers(family.containers.size(), kNobody);
    for (uint32_t i = 0; i < family.containers.size(); ++i) {
        const Container& one = family.containers[i];
        if (one.message == nullptr && one.children.empty()) continue;
        numbers[i] = static_cast<uint32_t>(result.nodes.size());
        result.nodes.push_back({one.message == nullptr ? 0 : one.message->uid, one.children});
    }
    for (ThreadNode& node : result.nodes) {
        for (uint32_t& child : node.children) child = numbers[child];
    }
    for (uint32_t root : family.roots) result.roots.push_back(numbers[root]);
    return result;
}

}  // namespace

ThreadResult thread_by_references(const std::vector<ThreadMessage>& messages) {
    Family family(messages);
    Grouping grouping(family);
    return result_of(family);
}

// RFC 5256 §3, ORDEREDSUBJECT: of each subject the first message, with all others as its children.
ThreadResult thread_by_subject(const std::vector<ThreadMessage>& messages) {
    ThreadResult result;
    std::vector<const ThreadMessage*> order;
    for (const ThreadMessage& message : messages) order.push_back(&message);
    std::ranges::sort(order, {}, [](const ThreadMessage* message) {
        return std::tuple(std::string_view(message->subject), message->sent_s, message->uid);
    });
    std::vector<std::tuple<int64_t, uint32_t, uint32_t>> roots;  // by date and UID: its node
    for (const ThreadMessage* message : order) {
        const auto node = static_cast<uint32_t>(result.nodes.size());
        const bool is_first = node == 0 || order[node - 1]->subject != message->subject;
        if (is_first)
            roots.emplace_back(message->sent_s, message->uid, node);
        else
            result.nodes[std::get<2>(roots.back())].children.push_back(node);
        result.nodes.push_back({message->uid, {}});
    }
    std::ranges::sort(roots);
    for (const auto& root : roots) result.roots.push_back(std::get<2>(root));
    return result;
}

}  // namespace gatepost::dataplane
