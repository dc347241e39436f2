// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_BASE_FAIR_QUEUE_H_
#define SIGNET_BASE_FAIR_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/uuid.h"
#include "base/work_for.h"

namespace signet {

// How many may wait, at least one of each.
struct FairQueueLimits {
  size_t total;
  size_t of_one_tenant;
  size_t of_one_principal;
};

// Work that waits, served in turn: the tenants one after another, and of each
// tenant its principals; of one principal first come, first served. So whoever
// has the least waiting is served soonest, whatever others bring. Work for
// nobody in particular is one more tenant, to which only `total` applies.
//
// Both ends take the same time however much waits, and allocate only where more
// waits than ever before. Not thread-safe.
template <typename T>
class FairQueue {
 public:
  explicit FairQueue(const FairQueueLimits& limits) : limits_(limits) {}

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Whether there is room for one more. If not, `work` is left alone.
  bool Push(const WorkFor& work_for, T& work) {
    if (size_ >= limits_.total) return false;
    const Index tenant = TenantOf(work_for.tenant_id);
    const Index lane = LaneOf(work_for);
    const bool bounded = work_for != WorkFor();
    if (bounded && (tenants_[tenant].size >= limits_.of_one_tenant ||
                    lanes_[lane].size >= limits_.of_one_principal)) {
      Retire(tenant, lane);
      return false;
    }
    const Index item = items_.Take();
    items_[item].work = std::move(work);
    if (lanes_[lane].size++ == 0) tenants_[tenant].lanes.Append(lanes_, lane);
    lanes_[lane].items.Append(items_, item);
    if (tenants_[tenant].size++ == 0) turns_.Append(tenants_, tenant);
    ++size_;
    return true;
  }

  // What is next in turn. Not for an empty queue.
  T Pop() {
    const Index tenant = turns_.TakeFirst(tenants_);
    const Index lane = tenants_[tenant].lanes.TakeFirst(lanes_);
    const Index item = lanes_[lane].items.TakeFirst(items_);
    T work = std::move(items_[item].work);
    items_.Return(item);
    --size_;
    // Behind the others, if there is more.
    if (--lanes_[lane].size > 0) tenants_[tenant].lanes.Append(lanes_, lane);
    if (--tenants_[tenant].size > 0) turns_.Append(tenants_, tenant);
    Retire(tenant, lane);
    return work;
  }

 private:
  using Index = uint32_t;
  static constexpr Index kNone = UINT32_MAX;

  // Elements that are used again, named by their places.
  template <typename Node>
  class Pool {
   public:
    Node& operator[](Index index) { return nodes_[index]; }
    Index Take() {
      if (free_.empty()) {
        nodes_.emplace_back();
        return static_cast<Index>(nodes_.size() - 1);
      }
      const Index index = free_.back();
      free_.pop_back();
      return index;
    }
    void Return(Index index) { free_.push_back(index); }

   private:
    std::deque<Node> nodes_;
    std::vector<Index> free_;
  };

  // Elements of a pool, in order.
  struct List {
    Index first = kNone;
    Index last = kNone;

    template <typename Node>
    void Append(Pool<Node>& pool, Index index) {
      pool[index].next = kNone;
      (first == kNone ? first : pool[last].next) = index;
      last = index;
    }
    template <typename Node>
    Index TakeFirst(Pool<Node>& pool) {
      const Index index = first;
      first = pool[index].next;
      return index;
    }
  };

  struct Item {
    T work = {};
    Index next = kNone;
  };
  struct Lane {  // Of a principal.
    WorkFor work_for;
    List items;
    size_t size = 0;
    Index next = kNone;
  };
  struct Tenant {
    Uuid id;
    List lanes;
    size_t size = 0;
    Index next = kNone;
  };

  using LaneKey = std::pair<Uuid::Bytes, Uuid::Bytes>;
  static LaneKey KeyOf(const WorkFor& work_for) {
    return {work_for.tenant_id.bytes(), work_for.principal_id.bytes()};
  }

  Index TenantOf(const Uuid& id) {
    const auto [found, added] = tenants_by_id_.try_emplace(id.bytes(), kNone);
    if (added) {
      found->second = tenants_.Take();
      tenants_[found->second] = {.id = id, .lanes = {}};
    }
    return found->second;
  }
  Index LaneOf(const WorkFor& work_for) {
    const auto [found, added] =
        lanes_by_key_.try_emplace(KeyOf(work_for), kNone);
    if (added) {
      found->second = lanes_.Take();
      lanes_[found->second] = {.work_for = work_for, .items = {}};
    }
    return found->second;
  }
  // Forgets them where nothing of theirs waits.
  void Retire(Index tenant, Index lane) {
    if (lanes_[lane].size == 0) {
      lanes_by_key_.erase(KeyOf(lanes_[lane].work_for));
      lanes_.Return(lane);
    }
    if (tenants_[tenant].size == 0) {
      tenants_by_id_.erase(tenants_[tenant].id.bytes());
      tenants_.Return(tenant);
    }
  }

  const FairQueueLimits limits_;
  size_t size_ = 0;
  Pool<Item> items_;
  Pool<Lane> lanes_;
  Pool<Tenant> tenants_;
  List turns_;  // Tenants of whom something waits.
  absl::flat_hash_map<LaneKey, Index> lanes_by_key_;
  absl::flat_hash_map<Uuid::Bytes, Index> tenants_by_id_;
};

}  // namespace signet

#endif  // SIGNET_BASE_FAIR_QUEUE_H_
