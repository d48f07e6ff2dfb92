-- Tickets that share elements are linked, also by way of others.

-- root: the first of the tickets that are linked to one.
local function root(links, i)
  while links[i] ~= i do
    links[i] = links[links[i]]
    i = links[i]
  end
  return i
end

-- linked: for each ticket the first of those that elements connect with it, within its part.
local function linked(view, parts, n)
  local links, first = {}, {}
  for i = 1, n do
    links[i] = i
    local seen, list = first[parts[i]] or {}, view.list[i]
    first[parts[i]] = seen
    for k = 1, #list do
      local before = seen[list[k]]
      if before then
        local a, b = root(links, before), root(links, i)
        links[math.max(a, b)] = math.min(a, b)
      else
        seen[list[k]] = i
      end
    end
  end
  for i = 1, n do
    links[i] = root(links, i)
  end
  return links
end
